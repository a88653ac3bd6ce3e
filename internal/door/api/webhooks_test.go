package api_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/vault"
)

// hook has an address of a person's told of everything from now on.
func (w *world) hook(p person) string {
	w.Helper()
	made := w.post(p.reading, "/webhooks", obj{"url": "https://anna.example/hook", "events": []string{"transfer", "operation"}})
	if made.status != http.StatusCreated || !strings.HasPrefix(made.text("secret"), "whsec_") || made.header.Get("Location") != "/api/v1/webhooks/"+made.text("id") {
		w.Fatalf("%d %s", made.status, made.raw)
	}
	return made.text("id")
}

// told has the feeds read and gives the deliveries of a hook.
func (w *world) told(p person, hook string) (deliveries []string) {
	w.Helper()
	if _, err := w.hooks.Look(ctx); err != nil {
		w.Fatal(err)
	}
	log := w.get(p.reading, "/webhooks/"+hook+"/deliveries")
	for _, one := range log.body["deliveries"].([]any) {
		deliveries = append(deliveries, one.(obj)["id"].(string))
	}
	if len(deliveries) == 0 {
		w.Fatalf("%d %s", log.status, log.raw)
	}
	return deliveries
}

// listening is a client's own program with an address of its own.
type listening struct {
	mu  sync.Mutex
	got string
}

func (p *listening) Post(_ context.Context, _ string, _ vault.Hidden, _ string, body []byte) webhook.Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got += string(body)
	return webhook.Answer{Status: 200}
}

// A hook tells an operation the way the API shows it, and its log tells of that.
func TestWebhookTellsWhatTheAPIShows(t *testing.T) {
	w := lite(t, unlimited)
	anna, pavel := w.person(1, 1000), w.person(2, 0)
	hook := w.hook(anna)
	w.order(anna.transfer, "one", obj{"payee": w.payee(anna, pavel), "amount": rub("10.00"), "from": anna.from()})
	if n := len(w.told(anna, hook)); n != 2 { // as a transfer and as an operation
		t.Fatal(n)
	}
	if n, err := w.hooks.Deliver(context.Background()); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	op := w.get(anna.reading, "/operations").body["operations"].([]any)[0].(obj)
	for _, want := range []string{`"type":"transfer.created"`, `"type":"operation.created"`, op["id"].(string), op["transfer"].(string)} {
		if !strings.Contains(w.program.got, want) {
			t.Errorf("no %s in %s", want, w.program.got)
		}
	}
	log := w.get(anna.reading, "/webhooks/"+hook+"/deliveries")
	if strings.Count(log.raw, `"state":"delivered"`) != 2 {
		t.Error(log.raw)
	}
	w.problem(w.get(anna.reading, "/webhooks/"+hook+"/deliveries?before=x"), 422, "api.cursor")
	if list := w.get(anna.transfer, "/webhooks"); strings.Contains(list.raw, hook) {
		t.Error("another token sees the hook")
	}
	if list := w.get(anna.reading, "/webhooks"); strings.Contains(list.raw, "whsec_") || !strings.Contains(list.raw, hook) {
		t.Errorf("a secret is told twice, or the hook not at all: %s", list.raw)
	}
	w.problem(w.post(anna.reading, "/webhooks", obj{"url": "http://anna.example", "events": []string{"transfer"}}), 422, "webhook.url")
	w.problem(w.post(anna.reading, "/webhooks", obj{"url": "https://anna.example"}), 422, "webhook.events")
}
