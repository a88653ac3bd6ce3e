package e2e

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
)

// logFile keeps what the program wrote.
type logFile struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logFile) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func (l *logFile) tail() string {
	s := l.text()
	if len(s) > 6000 {
		s = "…" + s[len(s)-6000:]
	}
	return s
}

// trouble is what a log of a healthy run never holds.
var trouble = regexp.MustCompile(`(?m)^.*(panic:|goroutine \d+ \[|WARNING: DATA RACE|level=ERROR|"level":"ERROR"|"status":5\d\d|status=5\d\d).*$`)

// secrets finds what no log may hold (S06): telephone numbers in full, card
// numbers, API tokens. Identifiers and times are no such runs of digits.
var secrets = regexp.MustCompile(`\+7\d{10}|(?:^|\D)[2-6]\d{15}(?:\D|$)`)

// checkLog fails the story when the program's log shows trouble or secrets.
func (d *Demo) checkLog() {
	d.t.Helper()
	text := d.log.text()
	if bad := trouble.FindAllString(text, 10); bad != nil {
		d.t.Errorf("the program's log shows trouble:\n%s", strings.Join(bad, "\n"))
	}
	if found := secrets.FindAllString(text, 10); found != nil {
		d.t.Errorf("the log holds what looks like phones or cards: %q", found)
	}
	for _, p := range d.People {
		for _, s := range []string{p.Token, strings.TrimPrefix(p.Phone, "+"), p.Name} {
			if s != "" && strings.Contains(text, s) {
				d.t.Errorf("the log holds %s's data: %q", p.Name, s)
			}
		}
	}
}
