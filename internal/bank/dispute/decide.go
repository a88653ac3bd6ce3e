package dispute

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/notice"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// By is who of the staff acts, and how the audit trail calls him.
type By struct {
	Member id.ID
	Ref    string
}

// The acts of staff. Each writes the audit trail, so call them last; whether
// the member may is decided before.

// Take makes a member answerable for a dispute.
func (s *Service) Take(ctx context.Context, tx db.Tx, who client.ID, key id.ID, by By) error {
	d, err := s.living(ctx, tx, who, key)
	if err != nil {
		return err
	}
	if !d.Member.IsZero() {
		return ErrTaken
	}
	d.Member = by.Member
	if err := d.set(ctx, tx); err != nil {
		return err
	}
	return record(ctx, tx, who, by.Ref, "dispute.taken", d, "")
}

// Release gives a dispute back to the queue.
func (s *Service) Release(ctx context.Context, tx db.Tx, who client.ID, key id.ID, by By) error {
	d, err := s.held(ctx, tx, who, key, by)
	if err != nil {
		return err
	}
	d.Member = id.ID{}
	if err := d.set(ctx, tx); err != nil {
		return err
	}
	return record(ctx, tx, who, by.Ref, "dispute.released", d, "")
}

// Ask asks the client for something; he is told.
func (s *Service) Ask(ctx context.Context, tx db.Tx, who client.ID, key id.ID, by By, words string) error {
	return s.speak(ctx, tx, who, key, by, words, NeedsAnswer, notice.DisputeAsked, "dispute.asked")
}

// Refuse ends a dispute without money; the words are the reason the client reads.
func (s *Service) Refuse(ctx context.Context, tx db.Tx, who client.ID, key id.ID, by By, words string) error {
	return s.speak(ctx, tx, who, key, by, words, Refused, notice.DisputeRefused, "dispute.refused")
}

func (s *Service) speak(ctx context.Context, tx db.Tx, who client.ID, key id.ID, by By, words string, to State, what notice.DisputeWhat, act string) error {
	words, err := worded(words, minOther)
	if err != nil {
		return err
	}
	d, err := s.held(ctx, tx, who, key, by)
	if err != nil {
		return err
	}
	if err := s.say(ctx, tx, d, ByBank, words); err != nil {
		return err
	}
	d.State = to
	if err := d.set(ctx, tx); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, d, what); err != nil {
		return err
	}
	return record(ctx, tx, who, by.Ref, act, d, "")
}

// held reads a living dispute that is this member's.
func (s *Service) held(ctx context.Context, tx db.Tx, who client.ID, key id.ID, by By) (Dispute, error) {
	d, err := s.living(ctx, tx, who, key)
	if err == nil && d.Member != by.Member {
		err = ErrNotTaken
	}
	return d, err
}

// MayReturn tells what stands against returning a sum for a dispute.
func (s *Service) MayReturn(ctx context.Context, d Dispute, sum money.Amount) error {
	o, err := s.d.Operations.One(ctx, d.Client, d.Operation)
	if err != nil {
		return err
	}
	return returnable(d, o, sum)
}

// returnable tells what stands against returning a sum for an operation: no
// more than the client still lacks, whatever the merchant gave back meanwhile.
func returnable(d Dispute, o operation.Operation, sum money.Amount) error {
	switch {
	case d.State.Over():
		return ErrOver
	case o.Details.Purchase == nil:
		return errNoPurchase
	case o.State != operation.Done:
		return ErrNotCleared
	case !sum.Positive() || sum.Cur != o.Amount.Cur || sum.Minor > -o.Amount.Minor:
		return ErrSum
	case sum.Minor > o.Outstanding().Minor:
		return ErrLeft
	}
	return nil
}

// Accept ends a dispute and returns a sum: two members have agreed on it. The
// client's account is credited from the bank's account of disputes, with a line
// in his feed, once.
func (s *Service) Accept(ctx context.Context, tx db.Tx, who client.ID, key id.ID, by By, sum money.Amount) error {
	// The operation first, as a refund locks it, and only then the dispute.
	seen, err := scan(tx.Row(ctx, qOne, int64(who), key.Bytes()))
	if err != nil {
		return err
	}
	o, err := s.d.Operations.Lock(ctx, tx, who, seen.Operation)
	if err != nil {
		return err
	}
	d, err := s.living(ctx, tx, who, key)
	if err != nil {
		return err
	}
	if err := returnable(d, o, sum); err != nil {
		return err
	}
	d.State, d.Credit, d.Txn = Accepted, sum, s.d.Operations.NewID()
	row, err := s.d.Operations.Row(operation.Operation{
		ID: d.Txn, Client: who, Account: o.Account, Kind: operation.DisputeCredit, State: operation.Done, Amount: sum, Fee: money.Rub(0),
		Details: operation.Details{Name: o.Details.Name},
	})
	if err != nil {
		return err
	}
	receipts, err := s.d.Book.PostTx(ctx, tx, ledger.Transaction{
		ID: d.Txn, Owner: int64(who), Key: d.key(), Kind: ledger.KindDispute, Phase: ledger.Posted,
		Legs: []ledger.Leg{{Account: ledger.Disputes, Amount: money.Rub(-sum.Minor), Force: true}, {Account: o.Account, Owner: int64(who), Amount: sum}},
		Rows: []db.Row{row},
	})
	if err != nil {
		return err
	}
	if receipts[0].Refused() {
		return ErrSum
	}
	if err := d.set(ctx, tx); err != nil {
		return err
	}
	if err := s.tell(ctx, tx, d, notice.DisputeAccepted); err != nil {
		return err
	}
	return record(ctx, tx, who, by.Ref, "dispute.accepted", d, "")
}

// Paid lists the operations of a client for which the bank has returned money
// that has not come back to it yet. With Recover and Unrecover it makes the
// room a purchase.Disputes.
func (s *Service) Paid(ctx context.Context, tx db.Tx, who client.ID) ([]id.ID, error) {
	paid, err := list(ctx, tx, qPaid, int64(who), int64(maxListed))
	out := make([]id.ID, len(paid))
	for i, d := range paid {
		out[i] = d.Operation
	}
	return out, err
}

// Recover tells how much of what the network or the merchant gives back for an
// operation is the bank's, because the client has it already, and notes it as
// recovered. The caller has locked the operation.
func (s *Service) Recover(ctx context.Context, tx db.Tx, who client.ID, op id.ID, back money.Amount) (money.Amount, error) {
	paid, err := list(ctx, tx, qAboutLock, int64(who), op.Bytes())
	if err != nil || len(paid) == 0 {
		return money.Rub(0), err
	}
	d := paid[0]
	ours := min(back.Minor, d.Credit.Minor-d.Recovered.Minor)
	if ours <= 0 {
		return money.Rub(0), nil
	}
	d.Recovered.Minor += ours
	return money.Rub(ours), d.set(ctx, tx)
}

// Unrecover takes back what a refund had brought to the bank: it was a mistake.
func (s *Service) Unrecover(ctx context.Context, tx db.Tx, who client.ID, op id.ID, sum money.Amount) error {
	paid, err := list(ctx, tx, qAboutLock, int64(who), op.Bytes())
	if err != nil {
		return err
	}
	if len(paid) == 0 || paid[0].Recovered.Minor < sum.Minor {
		return fmt.Errorf("%d to be taken back of what no dispute has recovered", sum.Minor)
	}
	d := paid[0]
	d.Recovered.Minor -= sum.Minor
	return d.set(ctx, tx)
}
