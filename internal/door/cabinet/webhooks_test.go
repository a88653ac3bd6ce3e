package cabinet_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/webhook"
)

// A client sees under his tokens whom they tell, what was told, has it told
// again, and stops it.
func TestWebhooksAmongTokens(t *testing.T) {
	w := lite(t)
	p, other := w.person(1, 1000), w.person(2, 0)
	token := apiToken(w, p, "таблица")
	hook, _, err := w.hooks.Make(ctx, webhook.NewHook{Client: p.id, Token: token.ID, URL: "https://budget.example/in", Events: []webhook.Family{webhook.Transfers}})
	if err != nil {
		t.Fatal(err)
	}
	p.pay(other, "10")
	if n, err := w.hooks.Look(ctx); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	at := "/profile/webhooks/" + hook.Text()
	p.get("/profile/tokens").is(200).has("budget.example", "таблица", at)
	page := p.get(at).is(200).has("https://budget.example/in", "transfer.created", "ждёт")
	delivery := regexp.MustCompile(`name="again" value="(we_[0-9a-z]+)"`).FindStringSubmatch(page.body)
	if len(delivery) != 2 {
		t.Fatal(page.body)
	}
	p.post(at, url.Values{"again": delivery[1:]}).to(at)
	p.post(at, url.Values{"again": {"we_x"}}).is(404)
	p.get(at + "?before=x").is(404)
	if older := p.get(at + "?before=" + delivery[1]).is(200); strings.Contains(older.body, "transfer.created") {
		t.Error("a page before the oldest delivery is not empty")
	}
	p.post(at, url.Values{"remove": {"1"}}).to("/profile/tokens")
	p.get(at).is(404)
	if list := p.get("/profile/tokens").is(200); strings.Contains(list.body, "budget.example") {
		t.Error("it is still among the tokens")
	}
}

// apiToken makes a token that reads.
func apiToken(w *world, p *person, name string) access.Token {
	w.Helper()
	c, err := w.Access.ConfirmPasscode(ctx, (&things{p: p}).in(w), accesstest.Passcode)
	if err != nil {
		w.Fatal(err)
	}
	t, _, err := w.Access.CreateToken(ctx, c.Proof, access.NewToken{Name: name, Scopes: []access.Scope{access.ScopeRead}, TTL: 24 * time.Hour})
	if err != nil {
		w.Fatal(err)
	}
	return t
}
