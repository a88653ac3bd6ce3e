package cabinet

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/id"
	"rocketbank/internal/door/ui"
	"rocketbank/internal/door/web"
)

// hookHref is the page of a webhook.
func hookHref(hook id.ID) string { return "/profile/webhooks/" + hook.Text(webhook.Prefix) }

// webhookRoutes are the pages of what programs of the client's own are told.
func (d *Door) webhookRoutes() []route {
	return []route{
		{method: http.MethodGet, path: "/profile/webhooks/{id}", who: insider, serve: d.getWebhook},
		{method: http.MethodPost, path: "/profile/webhooks/{id}", who: insider, serve: d.postWebhook},
	}
}

// HookView is a webhook with what was delivered.
//
// Form fields (to POST /profile/webhooks/{id}): remove, or again with the
// identifier of a delivery.
type HookView struct {
	ui.Page
	Href       string
	URL        string
	Events     []string
	Failing    time.Time // zero: all is well
	Deliveries []HookDelivery
	Older      string // address of older ones; empty: these are all
}

// HookDelivery is one line of the log.
type HookDelivery struct {
	ID        string
	Type      string
	Operation string // address of its page
	State     string // stable word
	Problem   string // stable word; empty: none
	Status    int
	Tries     int
	At        time.Time
	Next      time.Time
}

// Hook is a webhook among the tokens.
type Hook struct {
	Href    string
	Host    string
	Token   string // the name of the token that made it
	Failing bool
}

// hooks lists a client's webhooks beside the tokens that made them.
func (d *Door) hooks(r *http.Request, tokens []access.Token) (out []Hook, err error) {
	all, err := d.Webhooks.Hooks(r.Context(), of(r).session.Client)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		x := Hook{Href: hookHref(h.ID), Host: h.URL, Failing: !h.Failing.IsZero()}
		if u, err := url.Parse(h.URL); err == nil {
			x.Host = u.Host
		}
		for _, t := range tokens {
			if t.ID == h.Token {
				x.Token = t.Name
			}
		}
		if x.Token != "" { // of a token that is gone: its next delivery removes it
			out = append(out, x)
		}
	}
	return out, nil
}

// getWebhook shows an address and the log of its deliveries.
func (d *Door) getWebhook(w http.ResponseWriter, r *http.Request) error {
	hook, err := pathID(r, webhook.Prefix)
	if err != nil {
		return err
	}
	who := of(r).session.Client
	h, err := d.Webhooks.One(r.Context(), who, hook)
	if err != nil {
		return err
	}
	var before id.ID
	if from := r.URL.Query().Get("before"); from != "" {
		if before, err = id.Parse(webhook.DeliveryPrefix, from); err != nil {
			return web.ErrNotFound.Because(err)
		}
	}
	log, next, err := d.Webhooks.Log(r.Context(), who, hook, before)
	if err != nil {
		return err
	}
	v := HookView{Page: d.shown(w, r), Href: hookHref(hook), URL: h.URL, Failing: h.Failing}
	for _, f := range h.Events {
		v.Events = append(v.Events, string(f))
	}
	for _, x := range log {
		v.Deliveries = append(v.Deliveries, HookDelivery{
			ID: x.Text(), Type: x.Type, Operation: "/operations/" + x.Operation.Text(operation.Prefix), State: x.State.String(), Problem: x.Problem,
			Status: x.Status, Tries: x.Tries, At: x.At, Next: x.Next,
		})
	}
	if !next.IsZero() {
		v.Older = v.Href + "?" + url.Values{"before": {next.Text(webhook.DeliveryPrefix)}}.Encode()
	}
	return d.render(w, r, http.StatusOK, HookPage(v))
}

// postWebhook stops telling an address, or tells it something again.
func (d *Door) postWebhook(w http.ResponseWriter, r *http.Request) error {
	c := of(r)
	hook, err := pathID(r, webhook.Prefix)
	if err != nil {
		return err
	}
	if c.form.Get("remove") != "" {
		if err := d.Webhooks.Remove(r.Context(), c.session.Client, hook); err != nil {
			return err
		}
		leaveNotice(w, noticeHookGone)
		return seeOther(w, r, "/profile/tokens")
	}
	delivery, err := id.Parse(webhook.DeliveryPrefix, c.form.Get("again"))
	if err != nil {
		return webhook.ErrMissing
	}
	if err := d.Webhooks.Redeliver(r.Context(), c.session.Client, hook, delivery); err != nil {
		return err
	}
	leaveNotice(w, noticeHookAgain)
	return seeOther(w, r, hookHref(hook))
}

// words tells how a delivery stands.
func (x HookDelivery) words(p ui.Page) string {
	if x.State == webhook.Delivered.String() {
		return p.P.T("cabinet.hook.delivered")
	}
	why := p.P.T("cabinet.hook.problem_" + orElse(x.Problem, "none"))
	if x.Problem == "status" {
		why += " " + strconv.Itoa(x.Status)
	}
	return p.P.T("cabinet.hook."+x.State) + ": " + why
}

// icon is the sign of how a delivery stands, and its tile.
func (x HookDelivery) icon() (sign, tile string) {
	switch x.State {
	case webhook.Delivered.String():
		return "circle-check", "k1"
	case webhook.GivenUp.String():
		return "circle-alert", "k5"
	}
	return "hourglass", "k7"
}
