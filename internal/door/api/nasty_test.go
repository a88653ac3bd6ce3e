package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"rocketbank/internal/door/web/webtest"
)

// withoutDocument are the writes that take no JSON document, and why. A write
// that is neither here nor describes its document fails: its members would be
// driven by nobody.
var withoutDocument = map[string]string{
	"forgetDevice": "the path names what ends", "endSession": "the path names what ends",
	"resendCode": "an act on the caller's own application", "submitApplication": "an act on the caller's own application",
	"withdrawApplication": "an act on the caller's own application", "applyAgain": "an act on the caller's own application",
	"makeCardMain": "the path names the card", "freezeCard": "the path names the card", "unfreezeCard": "the path names the card", "resumeCard": "the path names the card",
	"removeFriend": "the path names the friend", "payFriend": "the path names the friend",
	"cancelLink":    "the path names the link",
	"denyPurchase":  "the path names the purchase",
	"removeWebhook": "the path names what ends", "redeliver": "the path names the delivery",
	"uploadPage": "a file; TestPages drives the uploads",
}

// Bad input into every write of the API, driven from the description that the
// API gives of itself: each member of each body as everything it should not be.
func TestBadInputIntoEveryWrite(t *testing.T) {
	w := lite(t, unlimited)
	anna := w.person(1, 1000)
	spec := w.do(ask{method: "GET", path: "/api/openapi.json"})
	if spec.status != http.StatusOK {
		t.Fatal(spec.status, spec.raw)
	}
	money := []string{"account", "txn", "entry", "hold", "guard", "operation", "card", "client", "api_token", "passkey", "signed_order", "device"}
	for _, token := range []string{anna.transfer, anna.reading} { // from now on both were used
		w.do(ask{method: "GET", path: "/api/v1/me", token: token})
	}
	before := webtest.Rows(t, w.DB, money...)
	values := map[string]any{"null": nil, "true": true, "number": 5, "fraction": 1.5, "list": []any{"x"}, "document": obj{"x": "y"}, "deep": []any{[]any{[]any{[]any{}}}}}
	for name, value := range webtest.Nasty() {
		values[name] = value
	}
	writes, bare := 0, maps.Clone(withoutDocument)
	for path, methods := range spec.body["paths"].(obj) {
		for method, op := range methods.(obj) {
			method = strings.ToUpper(method)
			if method == http.MethodGet {
				continue
			}
			writes++
			name, members := op.(obj)["operationId"].(string), membersOf(t, spec.body, op.(obj))
			if _, known := bare[name]; known != (members == nil) {
				t.Errorf("%s %s (%s): a document is described: %t, listed as one without: %t", method, path, name, members != nil, known)
			}
			delete(bare, name)
			send := func(what, at string, body any) {
				t.Helper()
				for _, token := range []string{anna.transfer, anna.reading, ""} {
					r := w.do(ask{method: method, path: at, token: token, key: "bad", body: body})
					// A value that is no fault for one member alone may make a good answer
					// of nothing that matters: what must not change is looked at below.
					if r.status >= 500 || r.status >= 300 && r.status < 400 || strings.Contains(r.raw, "goroutine ") || strings.Contains(r.raw, ".go:") {
						t.Errorf("%s %s, %s: %d %s", method, path, what, r.status, r.raw)
					}
					if token == "" && r.status < 400 {
						t.Errorf("%s %s, %s, without a token: %d", method, path, what, r.status)
					}
				}
			}
			if strings.Contains(path, "{id}") {
				for name, value := range webtest.Nasty() {
					if value != "" && utf8.ValidString(value) && !strings.ContainsAny(value, " \x00\r\n/<>{}") {
						send("id "+name, strings.ReplaceAll(path, "{id}", value), nil)
					}
				}
				continue
			}
			for _, member := range members {
				for name, value := range values {
					send(member+" "+name, path, obj{member: value})
				}
			}
			for name, value := range values {
				all := obj{}
				for _, member := range members {
					all[member] = value
				}
				send("all "+name, path, all)
				send("no document but "+name, path, []any{value})
			}
		}
	}
	if writes < 5 {
		t.Errorf("only %d writes: is the description walked?", writes)
	}
	for name := range bare {
		t.Errorf("%s is listed as a write without a document and is no write", name)
	}
	if changed := webtest.Differ(before, webtest.Rows(t, w.DB, money...)); len(changed) > 0 {
		t.Errorf("changed:\n%s", strings.Join(changed, "\n"))
	}
}

// membersOf gives the members of an operation's body; nil when it takes no
// document (an act by itself, or a file).
func membersOf(t *testing.T, spec, op obj) []string {
	t.Helper()
	body, ok := op["requestBody"].(obj)
	if !ok {
		return nil
	}
	document, ok := body["content"].(obj)["application/json"].(obj)
	if !ok {
		return nil
	}
	schema := document["schema"].(obj)
	if ref, ok := schema["$ref"].(string); ok {
		schema = spec["components"].(obj)["schemas"].(obj)[strings.TrimPrefix(ref, "#/components/schemas/")].(obj)
	}
	props, ok := schema["properties"].(obj)
	if !ok || len(props) == 0 {
		t.Fatal(fmt.Sprint(op["operationId"], " has a body without members"))
	}
	return slices.Sorted(maps.Keys(props))
}
