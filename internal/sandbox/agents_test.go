package sandbox_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

func withAgents(c *sandbox.Config) {
	c.Agents = []sandbox.Agent{{Code: "orbita", RU: "Орбита", EN: "Orbita"}}
}

// tell sends a signed message to an operator; of a question the path is signed.
func (w *world) tell(method, path, key, body string, secret signature.Secret) (answer, error) {
	req, _ := http.NewRequest(method, w.url+"/agents/orbita"+path, bytes.NewReader([]byte(body)))
	req.GetBody = nil // or net/http repeats it by itself when the line breaks
	signed := body
	if method == http.MethodGet {
		signed = "/agents/orbita" + path
	}
	req.Header.Set("Authorization", "Bearer "+acqKey)
	req.Header.Set("Idempotency-Key", key)
	req.Header.Set(signature.Header, signature.Sign(secret, time.Now(), []byte(signed)))
	return w.do(req)
}

func TestAgents(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withAgents)
	order := func(account string) string {
		return `{"account":"` + account + `","amount_minor":15000,"currency":"RUB","message":"привет"}`
	}
	for name, x := range map[string]struct {
		method, path, key, body string
		status                  int
		says                    string
	}{
		"whose":           {"POST", "/accounts/check", "check", `{"account":"+79035550199"}`, 200, `"name":"Анна А."`},
		"nobody's":        {"POST", "/accounts/check", "check", `{"account":"+79035550000"}`, 422, "no_such_account"},
		"not an account":  {"POST", "/accounts/check", "check", `{"account":"x"}`, 422, "bad_account"},
		"paid":            {"POST", "/payments", "po_00000001", order("+79035550199"), 201, `"state":"paid"`},
		"a limit":         {"POST", "/payments", "po_00000002", order("+79035550001"), 201, `"reason":"limit"`},
		"slow":            {"POST", "/payments", "po_00000003", order("+79035550003"), 201, `"state":"processing"`},
		"to nobody":       {"POST", "/payments", "po_00000004", order("+79035550000"), 422, "no_such_account"},
		"no sum":          {"POST", "/payments", "po_00000005", `{"account":"+79035550199","amount_minor":0,"currency":"RUB","message":""}`, 422, "amount"},
		"no key":          {"POST", "/payments", "", order("+79035550199"), 400, "bad_key"},
		"no JSON":         {"POST", "/payments", "po_00000006", "{", 400, "bad_body"},
		"never asked for": {"GET", "/payments/po_00000009", "", "", 404, "no_such_payment"},
	} {
		a, err := w.tell(x.method, x.path, x.key, x.body, secret)
		if err != nil || a.status != x.status || !strings.Contains(a.body, x.says) {
			t.Errorf("%s: %d %s %v", name, a.status, a.body, err)
		}
		if err := signature.Verify(secret, a.header.Get(signature.Header), []byte(a.body), time.Now()); err != nil {
			t.Errorf("%s: the answer is not signed: %v", name, err)
		}
	}
	if a, err := w.tell("POST", "/payments", "po_00000007", order("+79035550199"), "another"); err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("another's signature: %d %v", a.status, err)
	}
	// The answer is lost, the payment is not; a repeat finds it, another sum does not pass.
	if _, err := w.tell("POST", "/payments", "po_00000008", order("+79035550002"), secret); err == nil {
		t.Error("the line was not cut")
	}
	w.stop()
	w.start(withAgents)
	if a, err := w.tell("GET", "/payments/po_00000008", "", "", secret); err != nil || !strings.Contains(a.body, `"state":"paid"`) {
		t.Errorf("%s %v", a.body, err)
	}
	if a, err := w.tell("POST", "/payments", "po_00000008", order("+79035550002"), secret); err != nil || a.status != http.StatusOK {
		t.Errorf("a repeat: %d %v", a.status, err)
	}
	if a, err := w.tell("POST", "/payments", "po_00000008", order("+79035550199"), secret); err != nil || a.status != http.StatusConflict {
		t.Errorf("another order: %d %v", a.status, err)
	}
	page := w.get("/agents")
	if page.status != http.StatusOK || !strings.Contains(page.body, "Орбита") || !strings.Contains(page.body, "0199") || strings.Contains(page.body, "+79035550199") {
		t.Errorf("the journal: %d %s", page.status, page.body)
	}
}
