package sandbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func (w *world) wantState(key, state, reason string) {
	w.t.Helper()
	c, status := w.find(key)
	if status != http.StatusOK || c.State != state || c.Reason != reason {
		w.t.Fatalf("GET %s: %d %s %q, want %s %q", key, status, c.State, c.Reason, state, reason)
	}
}

func TestGoodCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, status := w.charge("tu_good_1", w.card("good"))
	if status != http.StatusCreated || c.State != "action_required" || c.Key != "tu_good_1" || c.AmountMinor != 500000 || c.Currency != "RUB" || c.Order != "tu_1" || c.ID == "" {
		t.Fatalf("%d %+v", status, c)
	}
	page := w.path(c.ActionURL)
	shown := w.get(page)
	for _, want := range []string{"220000••••••0046", "5\u00a0000,00\u00a0₽", "Рокетбанк", "1234"} {
		if !strings.Contains(shown.body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	if csp := shown.header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' http://localhost:8080") {
		t.Errorf("the page's form may not return to the bank: %s", csp)
	}
	if a := w.post(page, "code", "1234"); a.status != http.StatusSeeOther || a.header.Get("Location") != "http://localhost:8080/topup/tu_1" {
		t.Fatalf("%d %s", a.status, a.header.Get("Location"))
	}
	w.wantState("tu_good_1", "charged", "")
	call := w.bank.wait(t, 1)[0]
	if call["path"] != "/acquirer/callback" || call["key"] != "tu_good_1" || call["state"] != "charged" || call["at"] == nil || call["amount_minor"] != float64(500000) {
		t.Fatalf("callback %v", call)
	}
	// Back, a second tab, a second tap: the browser returns, nothing moves.
	for _, a := range []answer{w.get(page), w.post(page, "code", "1234"), w.post(page + "/cancel")} {
		if a.status != http.StatusSeeOther || a.header.Get("Location") != "http://localhost:8080/topup/tu_1" {
			t.Fatalf("%d %s", a.status, a.header.Get("Location"))
		}
	}
	w.wantState("tu_good_1", "charged", "")
	if n := w.bank.count(); n != 1 {
		t.Fatalf("%d callbacks", n)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind   string
		codes  []string
		cancel bool
		reason string
	}{
		"poor":                         {kind: "poor", codes: []string{"1234"}, reason: "insufficient_funds"},
		"poor after a slip":            {kind: "poor", codes: []string{"4321", "1234"}, reason: "insufficient_funds"},
		"expired":                      {kind: "expired", reason: "expired_card"},
		"never a right code":           {kind: "wrong_code", codes: []string{"1234", "0000", ""}, reason: "wrong_code"},
		"good, three slips":            {kind: "good", codes: []string{"1", "2", "3"}, reason: "wrong_code"},
		"good, cancelled":              {kind: "good", cancel: true, reason: "cancelled"},
		"good, cancelled after a slip": {kind: "good", codes: []string{"9"}, cancel: true, reason: "cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			got, status := w.charge("tu_refused", w.card(c.kind))
			if status != http.StatusCreated {
				t.Fatal(status)
			}
			for i, code := range c.codes {
				w.wantState("tu_refused", "action_required", "")
				a := w.post(w.path(got.ActionURL), "code", code)
				last := i == len(c.codes)-1 && !c.cancel
				if back := strings.HasPrefix(a.header.Get("Location"), "http://localhost:8080/"); a.status != http.StatusSeeOther || back != last {
					t.Fatalf("try %d leads to %s", i+1, a.header.Get("Location"))
				}
			}
			if c.cancel {
				w.post(w.path(got.ActionURL) + "/cancel")
			}
			w.wantState("tu_refused", "refused", c.reason)
			if call := w.bank.wait(t, 1)[0]; call["state"] != "refused" || call["reason"] != c.reason {
				t.Fatalf("callback %v", call)
			}
		})
	}
}

func TestWrongCodeIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.charge("tu_wrong_1", w.card("wrong_code"))
	w.post(w.path(c.ActionURL), "code", "1111")
	if body := w.get(w.path(c.ActionURL)).body; !strings.Contains(body, "Осталось 2 попытки") {
		t.Fatal(body)
	}
}

func TestUnknownNumberIsDeclined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, status := w.charge("tu_stranger", "5555555555554444")
	if status != http.StatusCreated || c.State != "refused" || c.Reason != "declined" || c.ActionURL != "" {
		t.Fatalf("%d %+v", status, c)
	}
}

func TestAnswerLostAfterTheCharge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	req := w.order("/acquirer/charges", acqKey, "tu_lost_1", w.chargeBody(w.card("answer_lost")))
	req.GetBody = nil // or net/http sends a keyed request again by itself
	if a, err := w.do(req); err == nil {
		t.Fatalf("there was an answer: %d", a.status)
	}
	w.wantState("tu_lost_1", "charged", "")
	if _, status := w.find("tu_lost_2"); status != http.StatusNotFound {
		t.Fatal(status)
	}
	// Asked again under its key it is the same charge, told this time.
	if c, status := w.charge("tu_lost_1", w.card("answer_lost")); status != http.StatusOK || c.State != "charged" {
		t.Fatalf("%d %+v", status, c)
	}
	if n := w.bank.count(); n != 0 {
		t.Fatalf("%d callbacks on a lost line", n)
	}
}

func TestSlowCard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if c, _ := w.charge("tu_slow_1", w.card("slow")); c.State != "processing" || c.ActionURL != "" {
		t.Fatalf("%+v", c)
	}
	w.wantState("tu_slow_1", "processing", "")
	if call := w.bank.wait(t, 1)[0]; call["state"] != "charged" {
		t.Fatalf("callback %v", call)
	}
	w.wantState("tu_slow_1", "charged", "")
}

func TestDuplicateCallback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c, _ := w.charge("tu_thrice", w.card("duplicate_callback"))
	w.post(w.path(c.ActionURL), "code", "1234")
	calls := w.bank.wait(t, 3)
	for _, call := range calls {
		if call["key"] != "tu_thrice" || call["state"] != "charged" {
			t.Fatalf("callback %v", call)
		}
	}
}

func TestOneChargePerKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.card("good")
	var mu sync.Mutex
	ids, created := map[string]bool{}, 0
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			a, err := w.do(w.order("/acquirer/charges", acqKey, "tu_once_1", w.chargeBody(good)))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if a.status == http.StatusCreated {
				created++
			}
			ids[w.read(a).ID] = true
		})
	}
	callers.Wait()
	if len(ids) != 1 || created != 1 {
		t.Fatalf("%d charges, %d made", len(ids), created)
	}
	for field, change := range map[string]func(map[string]any){
		"amount":      func(b map[string]any) { b["amount_minor"] = 500001 },
		"order":       func(b map[string]any) { b["order"] = "tu_2" },
		"return":      func(b map[string]any) { b["return_url"] = "http://localhost:8080/other" },
		"card":        func(b map[string]any) { b["card"].(map[string]any)["number"] = w.card("poor") },
		"description": func(b map[string]any) { b["description"] = "" },
	} {
		body := w.chargeBody(good)
		change(body)
		if a := w.must(w.order("/acquirer/charges", acqKey, "tu_once_1", body)); a.status != http.StatusConflict || !strings.Contains(a.body, `"key_reused"`) {
			t.Errorf("%s changed: %d %s", field, a.status, a.body)
		}
	}
}

func TestRestartKeepsCharges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, slow := w.card("good"), w.card("slow")
	open, _ := w.charge("tu_open_1", good)
	w.post(w.path(open.ActionURL), "code", "0")
	done, _ := w.charge("tu_done_1", good)
	w.post(w.path(done.ActionURL), "code", "1234")
	w.charge("tu_slow_2", slow)
	page := w.path(open.ActionURL)

	w.restart()

	w.wantState("tu_done_1", "charged", "")
	w.wantState("tu_open_1", "action_required", "")
	if _, status := w.charge("tu_done_1", good); status != http.StatusOK {
		t.Fatal(status)
	}
	if body := w.get(page).body; !strings.Contains(body, "Осталось 2 попытки") {
		t.Fatal("tries were forgotten")
	}
	w.post(page, "code", "1234")
	w.wantState("tu_open_1", "charged", "")
	for range 50 {
		if c, _ := w.find("tu_slow_2"); c.State == "charged" {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the slow charge was left behind")
}

func TestJournal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.card("good")
	c, _ := w.charge("tu_line_1", good)
	w.post(w.path(c.ActionURL), "code", "1234")
	w.stop()
	path := filepath.Join(w.dir, "charges.jsonl")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(raw); strings.Contains(s, good) || strings.Contains(s, "739") {
		t.Fatal("the journal holds a card number or a CVC")
	}
	// A kill in the middle of a line loses that line and nothing else.
	if err := os.WriteFile(path, append(raw, raw[:len(raw)/3]...), 0o600); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.wantState("tu_line_1", "charged", "")
	w.charge("tu_line_2", good)
	w.restart()
	w.wantState("tu_line_2", "action_required", "")

	// Hundreds of lines about one charge become one line.
	w.stop()
	if err := os.WriteFile(path, []byte(strings.Repeat(string(raw), 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	w.start()
	w.wantState("tu_line_1", "charged", "")
	if raw, err = os.ReadFile(path); err != nil || strings.Count(string(raw), "\n") != 1 {
		t.Fatalf("%d lines, %v", strings.Count(string(raw), "\n"), err)
	}
	w.charge("tu_line_3", good)
	w.restart()
	w.wantState("tu_line_1", "charged", "")
	w.wantState("tu_line_3", "action_required", "")
}
