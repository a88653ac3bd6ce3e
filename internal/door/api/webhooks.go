package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/webhook"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Webhooks tells clients' programs what happens (webhook.Service).
type Webhooks interface {
	Make(ctx context.Context, n webhook.NewHook) (webhook.Hook, vault.Hidden, error)
	Hooks(ctx context.Context, who client.ID) ([]webhook.Hook, error)
	One(ctx context.Context, who client.ID, hook id.ID) (webhook.Hook, error)
	Remove(ctx context.Context, who client.ID, hook id.ID) error
	Log(ctx context.Context, who client.ID, hook, before id.ID) ([]webhook.Delivery, id.ID, error)
	Redeliver(ctx context.Context, who client.ID, hook, delivery id.ID) error
}

// addWebhooks lists the operations on webhooks. A hook tells no more than the
// token that made it could ask, so a token that reads may make one.
func (d *Door) addWebhooks(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	reads := func(rt Route) Route { rt.Scope = access.ScopeRead; return rt }
	post(d, reads(write("createWebhook", "/webhooks", "webhooks", 201)), d.createWebhook)
	get(d, read("listWebhooks", "/webhooks", "webhooks", 422), d.webhooks)
	get(d, read("getWebhook", "/webhooks/{id}", "webhooks", 404, 422), d.webhook)
	get(d, Route{ID: "removeWebhook", Method: http.MethodDelete, Path: "/api/v1/webhooks/{id}", Scope: access.ScopeRead, Tag: "webhooks", status: 204, problems: []int{404, 422}}, d.removeWebhook)
	get(d, read("listDeliveries", "/webhooks/{id}/deliveries", "webhooks", 404, 422), d.deliveries)
	bare(d, reads(write("redeliver", "/webhooks/{id}/deliveries/{delivery}/again", "webhooks", 204)), d.redeliver)
}

// NewWebhook names an address to be told.
type NewWebhook struct {
	URL    string   `json:"url" maxLength:"2000" example:"https://example.com/rocketbank"`
	Events []string `json:"events" enum:"transfer,operation" nullable:"false" example:"transfer"`
}

// Webhook is an address that is told.
type Webhook struct {
	ID      string     `json:"id" example:"wh_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Token   string     `json:"token" example:"tk_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	URL     string     `json:"url" example:"https://example.com/rocketbank"`
	Events  []string   `json:"events" enum:"transfer,operation" nullable:"false" example:"transfer"`
	Created time.Time  `json:"at"`
	Failing *time.Time `json:"failing_since,omitempty"`
	Secret  string     `json:"secret,omitempty" example:"whsec_bXkgc2VjcmV0"`
}

// WebhookList is all webhooks of the asking token.
type WebhookList struct {
	Webhooks []Webhook `json:"webhooks" nullable:"false"`
}

// WebhookDelivery is one document on its way.
type WebhookDelivery struct {
	ID        string     `json:"id" example:"we_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Type      string     `json:"type" enum:"transfer.created,transfer.updated,operation.created,operation.updated"`
	Operation string     `json:"operation" example:"op_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	State     string     `json:"state" enum:"waiting,delivered,given_up"`
	Tries     string     `json:"tries" example:"1"`
	Status    int        `json:"status,omitempty" example:"500"`
	Problem   string     `json:"problem,omitempty" enum:"timeout,private,refused,status"`
	At        time.Time  `json:"at"`
	Next      *time.Time `json:"next_try_at,omitempty"`
}

// DeliveryPage is one page of the log, newest first.
type DeliveryPage struct {
	Deliveries []WebhookDelivery `json:"deliveries" nullable:"false"`
	Next       string            `json:"next,omitempty"`
}

func shownWebhook(h webhook.Hook) Webhook {
	out := Webhook{ID: h.Text(), Token: h.Token.Text(access.TokenPrefix), URL: h.URL, Events: []string{}, Created: h.Created.UTC()}
	for _, f := range h.Events {
		out.Events = append(out.Events, string(f))
	}
	if !h.Failing.IsZero() {
		out.Failing = &h.Failing
	}
	return out
}

// hooked is the answer to a new webhook.
type hooked struct {
	Location string `header:"Location"`
	Body     Webhook
}

func (d *Door) createWebhook(ctx context.Context, c *call, _ *none, in *NewWebhook) (*hooked, error) {
	var bad flaws
	if !bad.need("url", in.URL) {
		return nil, bad.err()
	}
	n := webhook.NewHook{Client: c.token.Client, Token: c.token.ID, URL: in.URL}
	for _, e := range in.Events {
		n.Events = append(n.Events, webhook.Family(e))
	}
	h, secret, err := d.d.Webhooks.Make(ctx, n)
	if err != nil {
		return nil, err
	}
	out := &hooked{Body: shownWebhook(h)}
	out.Body.Secret, out.Location = secret.Reveal(), "/api/v1/webhooks/"+out.Body.ID
	return out, nil
}

func (d *Door) webhooks(ctx context.Context, c *call, _ *none) (*answer[WebhookList], error) {
	all, err := d.d.Webhooks.Hooks(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	out := WebhookList{Webhooks: []Webhook{}}
	for _, h := range all {
		if h.Token == c.token.ID {
			out.Webhooks = append(out.Webhooks, shownWebhook(h))
		}
	}
	return ok(out)
}

// hookOf finds a webhook of the very token that asks: an address may be a secret
// in itself, and a stolen token shall not silence what tells of its use.
func (d *Door) hookOf(ctx context.Context, c *call, text string) (webhook.Hook, error) {
	hook, err := id.Parse(webhook.Prefix, text)
	if err != nil {
		return webhook.Hook{}, webhook.ErrMissing
	}
	h, err := d.d.Webhooks.One(ctx, c.token.Client, hook)
	if err == nil && h.Token != c.token.ID {
		err = webhook.ErrMissing
	}
	return h, err
}

func (d *Door) webhook(ctx context.Context, c *call, in *idInput) (*answer[Webhook], error) {
	h, err := d.hookOf(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	return ok(shownWebhook(h))
}

func (d *Door) removeWebhook(ctx context.Context, c *call, in *idInput) (*none, error) {
	h, err := d.hookOf(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, d.d.Webhooks.Remove(ctx, c.token.Client, h.ID)
}

type deliveriesInput struct {
	ID     string `path:"id"`
	Before string `query:"before" example:"we_06b3w5m8k9s6q0h2m4x6v8yrk4"`
}

func (d *Door) deliveries(ctx context.Context, c *call, in *deliveriesInput) (*answer[DeliveryPage], error) {
	h, err := d.hookOf(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	var before id.ID
	if in.Before != "" {
		if before, err = id.Parse(webhook.DeliveryPrefix, in.Before); err != nil {
			return nil, errCursor
		}
	}
	page, next, err := d.d.Webhooks.Log(ctx, c.token.Client, h.ID, before)
	if err != nil {
		return nil, err
	}
	out := DeliveryPage{Deliveries: []WebhookDelivery{}}
	for _, x := range page {
		one := WebhookDelivery{
			ID: x.Text(), Type: x.Type, Operation: x.Operation.Text(operation.Prefix), State: x.State.String(), Tries: strconv.Itoa(x.Tries), Status: x.Status, Problem: x.Problem, At: x.At.UTC(),
		}
		if !x.Next.IsZero() {
			one.Next = &x.Next
		}
		out.Deliveries = append(out.Deliveries, one)
	}
	if !next.IsZero() {
		out.Next = next.Text(webhook.DeliveryPrefix)
	}
	return ok(out)
}

type deliveryInput struct {
	ID       string `path:"id"`
	Delivery string `path:"delivery"`
}

func (d *Door) redeliver(ctx context.Context, c *call, in *deliveryInput) (*none, error) {
	h, err := d.hookOf(ctx, c, in.ID)
	if err != nil {
		return nil, err
	}
	delivery, err := id.Parse(webhook.DeliveryPrefix, in.Delivery)
	if err != nil {
		return nil, webhook.ErrMissing
	}
	return nil, d.d.Webhooks.Redeliver(ctx, c.token.Client, h.ID, delivery)
}

// Document is an operation as webhooks tell it: the same as getOperation gives,
// without its disputes.
func Document(o operation.Operation) any { return shownOperation(o) }
