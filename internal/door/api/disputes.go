package api

import (
	"context"
	"errors"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/dispute"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/id"
)

// Disputes keeps what clients say is wrong with a purchase (dispute.Service).
type Disputes interface {
	Open(ctx context.Context, who client.ID, n dispute.Claim) (d dispute.Dispute, fresh bool, err error)
	Of(ctx context.Context, who client.ID) ([]dispute.Dispute, error)
	One(ctx context.Context, who client.ID, key id.ID) (dispute.Dispute, error)
	Marks(ctx context.Context, who client.ID, page []operation.Operation) (map[id.ID]dispute.Mark, error)
}

// addDisputes lists the operations on disputes.
func (d *Door) addDisputes(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	post(d, write("openDispute", "/disputes", "money", 201, 409), d.openDispute)
	get(d, read("listDisputes", "/disputes", "money", 422), d.disputes)
	get(d, read("getDispute", "/disputes/{id}", "money", 404, 422), d.dispute)
}

// NewDispute says what is wrong with a purchase.
type NewDispute struct {
	Operation string `json:"operation" example:"op_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Reason    string `json:"reason" enum:"not_me,not_received,wrong_sum,twice,cancelled,other"`
	Text      string `json:"text,omitempty" maxLength:"1000"`
}

// DisputeList is all disputes of the caller, newest first, without messages.
type DisputeList struct {
	Disputes []Dispute `json:"disputes" nullable:"false"`
}

// Dispute is a dispute as it stands.
type Dispute struct {
	ID        string           `json:"id" example:"di_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Operation string           `json:"operation" example:"op_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Reason    string           `json:"reason" enum:"not_me,not_received,wrong_sum,twice,cancelled,other"`
	State     string           `json:"state" enum:"open,needs_answer,accepted,refused,withdrawn"`
	Amount    Money            `json:"amount"`
	At        time.Time        `json:"at"`
	Promised  time.Time        `json:"promised_by"`
	Changed   time.Time        `json:"changed_at"`
	Returned  *Money           `json:"returned,omitempty"`
	Credit    string           `json:"credit_operation,omitempty" example:"op_06b3w5m8k9s6q0h2m4x6v8yrk4"`
	Messages  []DisputeMessage `json:"messages,omitempty"`
}

// DisputeMessage is what one side said.
type DisputeMessage struct {
	By   string    `json:"by" enum:"client,bank"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

func shownDispute(x dispute.Dispute) Dispute {
	out := Dispute{
		ID: x.Text(), Operation: x.Operation.Text(operation.Prefix), Reason: x.Reason.Word(), State: x.State.Word(), Amount: shown(x.Sum),
		At: x.Made.UTC(), Promised: x.Promised.UTC(), Changed: x.Changed.UTC(),
	}
	if x.Credit.Positive() {
		returned := shown(x.Credit)
		out.Returned, out.Credit = &returned, x.Txn.Text(operation.Prefix)
	}
	for _, m := range x.Said {
		out.Messages = append(out.Messages, DisputeMessage{By: m.By.Word(), Text: m.Text, At: m.At.UTC()})
	}
	return out
}

// opened is the answer to a new dispute.
type opened struct {
	Location string `header:"Location"`
	Body     Dispute
}

// openDispute opens a dispute. An operation has one at a time, so who asks again
// gets the one that is open: no key is needed.
func (d *Door) openDispute(ctx context.Context, c *call, _ *none, in *NewDispute) (*opened, error) {
	var bad flaws
	var op id.ID
	var why dispute.Reason
	var err error
	if bad.need("operation", in.Operation) {
		if op, err = id.Parse(operation.Prefix, in.Operation); err != nil {
			return nil, operation.ErrMissing
		}
	}
	if bad.need("reason", in.Reason) {
		if why, err = dispute.ParseReason(in.Reason); err != nil {
			bad.add(dispute.ErrReason.At("reason"))
		}
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	x, _, err := d.d.Disputes.Open(ctx, c.token.Client, dispute.Claim{Operation: op, Reason: why, Words: in.Text})
	if errors.Is(err, dispute.ErrWords) {
		err = dispute.ErrWords.At("text")
	}
	if err != nil {
		return nil, err
	}
	out := &opened{Body: shownDispute(x)}
	out.Location = "/api/v1/disputes/" + out.Body.ID
	return out, nil
}

func (d *Door) disputes(ctx context.Context, c *call, _ *none) (*answer[DisputeList], error) {
	all, err := d.d.Disputes.Of(ctx, c.token.Client)
	if err != nil {
		return nil, err
	}
	out := DisputeList{Disputes: []Dispute{}}
	for _, x := range all {
		out.Disputes = append(out.Disputes, shownDispute(x))
	}
	return ok(out)
}

func (d *Door) dispute(ctx context.Context, c *call, in *idInput) (*answer[Dispute], error) {
	key, err := id.Parse(dispute.Prefix, in.ID)
	if err != nil {
		return nil, dispute.ErrMissing
	}
	x, err := d.d.Disputes.One(ctx, c.token.Client, key)
	if err != nil {
		return nil, err
	}
	return ok(shownDispute(x))
}
