package ui

import (
	"os"
	"regexp"
	"testing"
)

// «Остаться» asks the server whether the session still stands. A half filled
// form is sent off only when the answer leads to the login page, never because
// the bank was busy (429, 503) or the network lost.
func TestOnlyTheLoginPageEndsTheStay(t *testing.T) {
	js, err := os.ReadFile("static/js/time.js")
	if err != nil {
		t.Fatal(err)
	}
	stay := regexp.MustCompile(`(?s)getElementById\('stay'\)\.onclick = (.*?)\n  \};`).FindSubmatch(js)
	if stay == nil {
		t.Fatal("no answer to «Остаться»")
	}
	ends := regexp.MustCompile(`(?m)^.*\bover\(\).*$`).FindAllString(string(stay[1]), -1)
	if len(ends) != 1 || !regexp.MustCompile(`if \(r\.type === 'opaqueredirect'\) return over\(\);`).MatchString(ends[0]) {
		t.Errorf("the session is given up by %q", ends)
	}
}
