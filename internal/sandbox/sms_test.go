package sandbox_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rocketbank/internal/base/phone"
)

const anna = "+79165550123"

type sms struct{ ID, To, Text, State, At string }

func (w *world) sendSMS(key, to, text string) answer {
	w.t.Helper()
	return w.must(w.order("/sms/messages", smsKey, key, map[string]string{
		"to": to, "text": text, "callback_url": w.bank.url + "/sms/receipt",
	}))
}

func (w *world) inbox(phone string) (list []sms) {
	w.t.Helper()
	a := w.get("/messages.json?phone=" + url.QueryEscape(phone))
	if err := json.Unmarshal([]byte(a.body), &list); err != nil {
		w.t.Fatalf("%d %s", a.status, a.body)
	}
	return list
}

func TestMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.sendSMS("0193-key-1", anna, "Код 123456")
	if first.status != http.StatusAccepted || !strings.Contains(first.body, `"state":"accepted"`) {
		t.Fatalf("%d %s", first.status, first.body)
	}
	if again := w.sendSMS("0193-key-1", anna, "Код 123456"); again.status != first.status || again.body != first.body {
		t.Fatalf("the same key gave %s, then %s", first.body, again.body)
	}
	if other := w.sendSMS("0193-key-1", anna, "Код 654321"); other.status != http.StatusConflict {
		t.Fatalf("another text under the key: %d", other.status)
	}
	w.sendSMS("0193-key-2", anna, "Вторая\nстрока <b>&")
	w.sendSMS("0193-key-3", "+79031112233", "Чужое")

	list := w.inbox(anna)
	if len(list) != 2 || list[0].Text != "Вторая\nстрока <b>&" || list[1].Text != "Код 123456" || list[0].State != "delivered" || list[0].To != anna {
		t.Fatalf("%+v", list)
	}
	// An unescaped plus is what people type into an address.
	if a := w.get("/messages.json?phone=" + anna); !strings.Contains(a.body, "123456") {
		t.Fatal(a.body)
	}
	if a := w.get("/messages.json?phone=%2B79990000000"); a.body != "[]" {
		t.Fatal(a.body)
	}
	calls := w.bank.wait(t, 3)
	for _, c := range calls {
		if c["path"] != "/sms/receipt" || c["state"] != "delivered" || c["id"] == "" || c["at"] == nil {
			t.Fatalf("receipt %v", c)
		}
	}
	page := w.get("/phone/79165550123").body
	if !strings.Contains(html.UnescapeString(page), phone.Number(anna).Pretty()) {
		t.Error("the phone does not say whose it is")
	}
	if !strings.Contains(page, "&lt;b&gt;&amp;") || strings.Contains(page, "<b>&") {
		t.Error("a text is not escaped")
	}
	if list := w.get("/phone").body; !strings.Contains(list, "/phone/79165550123") || !strings.Contains(list, "/phone/79031112233") {
		t.Error("a phone is missing in the list")
	}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendSMS("0193-key-1", anna, "раз")
	w.bank.wait(t, 1)
	m := w.inbox(anna)[0]
	path := "/phone/79165550123/messages/" + m.ID

	if a := w.post(path + "/undelivered"); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	if c := w.bank.wait(t, 2)[1]; c["state"] != "undelivered" || c["id"] != m.ID {
		t.Fatalf("receipt %v", c)
	}
	if s := w.inbox(anna)[0].State; s != "undelivered" {
		t.Fatal(s)
	}
	w.post(path + "/again")
	if c := w.bank.wait(t, 3)[2]; c["state"] != "delivered" || c["id"] != m.ID {
		t.Fatalf("receipt %v", c)
	}
	if page := w.get("/phone/79165550123").body; !strings.Contains(page, "доставлено 2 раза") {
		t.Fatal("the second delivery is not shown")
	}

	// A phone that is off gets nothing until it is asked for again.
	w.post("/phone/79165550123/switch", "to", "off")
	w.sendSMS("0193-key-2", anna, "два")
	if c := w.bank.wait(t, 4)[3]; c["state"] != "undelivered" {
		t.Fatalf("receipt %v", c)
	}
	w.restart()
	if page := w.get("/phone/79165550123").body; !strings.Contains(page, "Включить") {
		t.Fatal("the phone went on by itself")
	}
	w.post("/phone/79165550123/switch", "to", "on")
	w.sendSMS("0193-key-3", anna, "три")
	if list := w.inbox(anna); len(list) != 3 || list[0].State != "delivered" || list[1].State != "undelivered" || list[2].Text != "раз" {
		t.Fatalf("%+v", list)
	}
	if a := w.post("/phone/79165550123/messages/sm_nothing/again"); a.status != http.StatusNotFound {
		t.Fatal(a.status)
	}
}

func TestRestartKeepsMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.sendSMS("0193-key-1", anna, "раз")
	w.restart()
	if list := w.inbox(anna); len(list) != 1 || list[0].Text != "раз" {
		t.Fatalf("%+v", list)
	}
	if again := w.sendSMS("0193-key-1", anna, "раз"); again.body != first.body {
		t.Fatalf("after a restart the key gave %s, before %s", again.body, first.body)
	}
}

func TestCallbackIsRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bank.deaf = 1
	w.sendSMS("0193-key-1", anna, "раз")
	w.bank.wait(t, 1)
	w.bank.mu.Lock()
	defer w.bank.mu.Unlock()
	if w.bank.tries != 2 {
		t.Fatalf("%d tries", w.bank.tries)
	}
}

func TestOneScreenOfMessages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 53 {
		w.sendSMS(fmt.Sprintf("0193-key-%d", i), anna, fmt.Sprintf("номер %d.", i))
	}
	page := w.get("/phone/79165550123").body
	if !strings.Contains(page, "номер 52.") || !strings.Contains(page, "номер 3.") || strings.Contains(page, "номер 2.") || !strings.Contains(page, "Ещё 3 сообщения раньше") {
		t.Error("the screen does not hold the 50 newest")
	}
	if n := len(w.inbox(anna)); n != 53 {
		t.Errorf("%d messages for programs", n)
	}
}
