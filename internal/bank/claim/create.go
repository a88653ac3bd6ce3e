package claim

import (
	"context"
	"errors"
	"fmt"

	"rocketbank/internal/bank/limit"
	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/money"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// maxOpen bounds how many links of a client wait at a time.
const maxOpen = 20

// Create takes the money from the client and sends the link. The same key and
// content give the same link, as it stands now; another content under the same
// key is ErrKeyReused. What is refused leaves no trace, so the key may be used
// again.
func (s *Service) Create(ctx context.Context, cmd Create) (Link, error) {
	message, err := transfer.CleanMessage(cmd.Message)
	if err != nil {
		return Link{}, err
	}
	q, err := s.quote(cmd.Client, cmd.Quote)
	if err != nil {
		return Link{}, err
	}
	if !cmd.Signed.Covers(cmd.Client, q.document(message)) {
		return Link{}, ErrNotProved
	}
	print := q.print(message)
	if l, err := s.repeated(ctx, cmd, print); !errors.Is(err, ErrMissing) {
		return l, err
	}
	if err := s.refusal(ctx, cmd, q); err != nil {
		return Link{}, err
	}
	me, err := s.d.People.ByID(ctx, cmd.Client)
	if err != nil {
		return Link{}, fmt.Errorf("sender %d: %w", cmd.Client, err)
	}
	guards, err := s.d.Tariffs.Guards(ctx, cmd.Client, q.price)
	if err != nil {
		return Link{}, err
	}
	guards = append(s.d.Limits.Rules().Outgoing(cmd.Client, total(q), cmd.Standing, s.d.DB.Now()), guards...)
	r := row{
		id: s.d.Operations.NewID(), client: cmd.Client, key: cmd.Key, print: print, account: q.from,
		amount: q.price.Amount, fee: q.price.Fee, state: Waiting,
	}
	r.token = s.hash(s.secret(r))
	d := details{Phone: q.phone.E164(), Name: q.name, Message: message, Order: q.id, Lang: me.Lang}
	if err := s.seal(&r, d); err != nil {
		return Link{}, err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		r.at, r.until = tx.Now(), tx.Now().Add(TTL)
		return s.create(ctx, tx, cmd, q, r, d, guards)
	})
	if db.IsUnique(err) { // the other tap was faster, or the order was carried out under another key
		if l, again := s.repeated(ctx, cmd, print); again == nil {
			return l, nil
		}
		return s.spent(ctx, cmd, print)
	}
	if err != nil {
		return Link{}, postError(err)
	}
	s.tell(cmd.Client)
	return s.view(r)
}

func total(q quoteBody) (sum money.Amount) {
	sum = q.price.Amount
	sum.Minor += q.price.Fee.Minor
	return sum
}

// refusal is why a new link may not be sent, whatever the book says.
func (s *Service) refusal(ctx context.Context, cmd Create, q quoteBody) error {
	switch {
	case cmd.Standing.Blocked:
		return ErrBlocked
	case !s.d.DB.Now().Before(q.until()):
		return ErrQuoteExpired
	}
	if err := s.d.Tariffs.Valid(ctx, q.price); err != nil {
		return err
	}
	return s.d.Limits.Rules().CheckOrder(q.price.Amount, cmd.Standing, s.d.DB.Now())
}

// create writes everything that a new link is within one unit of work.
func (s *Service) create(ctx context.Context, tx db.Tx, cmd Create, q quoteBody, r row, d details, guards []ledger.Guard) error {
	var open int
	if err := tx.Row(ctx, qHowMany, int64(cmd.Client)).Scan(&open); err != nil {
		return err
	}
	if open >= maxOpen {
		return ErrTooMany.With("max", maxOpen)
	}
	if err := s.insert(ctx, tx, r); err != nil {
		return err
	}
	words := s.words(d.Lang).T("claim.sms_link", locale.A("name", d.Name), locale.A("amount", r.amount), s.until(d.Lang, r), locale.A("url", s.url(r)))
	err := s.d.Messenger.SendOrderCode(ctx, tx, order.Message{To: q.phone, Claimed: true, IP: cmd.IP, Text: vault.Hide(words)})
	if err != nil {
		return err
	}
	debit, err := total(q).Neg()
	if err != nil {
		return err
	}
	feed, err := s.d.Operations.Row(operation.Operation{
		ID: r.id, Client: r.client, Account: r.account, Kind: operation.LinkOut, State: operation.Pending, Amount: debit, Fee: r.fee,
		Tariff: q.price.Version, Rule: q.price.Rule, Free: q.price.Free.Minor,
		Details: operation.Details{Phone: d.Phone, Message: d.Message, Order: q.id.Text(order.Prefix)},
	})
	if err != nil {
		return err
	}
	t := ledger.Transaction{
		ID: r.id, Owner: int64(r.client), Key: r.ledgerKey("send"), Print: r.print, Kind: ledger.KindLink, Phase: ledger.Posted, Guards: guards,
		Legs: []ledger.Leg{{Account: r.account, Owner: int64(r.client), Amount: debit}, {Account: ledger.Transit, Amount: r.amount}},
		Rows: []db.Row{feed, cmd.Signed.Row()},
	}
	if r.fee.Positive() {
		t.Legs = append(t.Legs, ledger.Leg{Account: ledger.Fees, Amount: r.fee})
	}
	got, err := s.d.Book.PostTx(ctx, tx, t)
	if err != nil {
		return err
	}
	switch no := got[0]; no.Reason {
	case ledger.Accepted:
		return nil
	case ledger.InsufficientFunds:
		return ErrInsufficientFunds.With("missing", no.Missing)
	case ledger.LimitReached:
		if no.Guard >= 0 && no.Guard < len(guards) && tariff.Counted(guards[no.Guard]) {
			return tariff.ErrChanged
		}
		if err := limit.Refusal(no, guards, cmd.Standing); err != nil {
			return err
		}
	}
	return fmt.Errorf("claim %s: refused: %s", r.text(), got[0].Reason)
}

// repeated finds the link of a key; ErrMissing when it is new.
func (s *Service) repeated(ctx context.Context, cmd Create, print ledger.Print) (Link, error) {
	r, err := find(ctx, s.d.DB, qByKey, int64(cmd.Client), cmd.Key[:])
	return s.again(r, print, err)
}

// spent finds the link of an order that was carried out under another key.
func (s *Service) spent(ctx context.Context, cmd Create, print ledger.Print) (Link, error) {
	txn, err := s.d.Orders.Txn(ctx, cmd.Client, cmd.Signed.ID())
	if err != nil {
		return Link{}, err
	}
	r, err := find(ctx, s.d.DB, qByID, txn.Bytes())
	return s.again(r, print, err)
}

func (s *Service) again(r row, print ledger.Print, err error) (Link, error) {
	if err != nil {
		return Link{}, err
	}
	if r.print != print {
		return Link{}, ErrKeyReused
	}
	l, err := s.view(r)
	l.Replay = true
	return l, err
}

// postError gives the book's errors the words of this room.
func postError(err error) error {
	if errors.Is(err, ledger.ErrForeignAccount) {
		return ErrAccount.Because(err)
	}
	if fault.CodeOf(err) == fault.Broken {
		return fmt.Errorf("send a link: %w", err)
	}
	return err
}
