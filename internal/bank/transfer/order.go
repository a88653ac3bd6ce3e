package transfer

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
	"rocketbank/internal/ledger"
)

// PayeePrefix is what the name of a payee's account in an order begins with.
const PayeePrefix = "py"

// Order gives the text to be confirmed for a quote and a message.
func (s *Service) Order(who client.ID, quote, message string) (order.Document, error) {
	q, err := s.quote(who, quote)
	if err != nil {
		return order.Document{}, err
	}
	message, err = CleanMessage(message)
	if err != nil {
		return order.Document{}, err
	}
	return s.document(q, who, message), nil
}

// document writes the canonical text. The payee is named by what the payer may
// know of him and by a reference that stands for client and account: the same
// for the same pair, nothing to anybody else.
func (s *Service) document(q quoteBody, who client.ID, message string) order.Document {
	ref := id.ID(s.d.Vault.MAC("transfer.payee", vault.Row64(int64(who)), vault.Row64(int64(q.To.Client)), vault.Row64(int64(q.To.Account)))[:16])
	to := order.Say("to", q.To.Name)
	if q.To.Phone != "" {
		to.Value += " " + q.To.Phone
	}
	to.Value += " " + ref.Text(PayeePrefix)
	return order.Compose(order.Head{ID: q.ID, Kind: order.Transfer, Who: q.To.PayerUID, When: q.made()},
		order.Line{Name: "from", Value: accountPrefix + strconv.FormatInt(int64(q.From), 10)}, to,
		order.Sum("amount", q.amount()), order.Sum("fee", q.fee()), order.Say("message", message))
}

// accountPrefix is what accounts are called outside.
const accountPrefix = "ac_"

// orderOf tells which order a sent transfer carried out; false for those of
// the first release, whose evidence stands in the feed row.
func orderOf(details string) (id.ID, bool) {
	o, err := id.Parse(order.Prefix, details)
	return o, err == nil
}

// SignedOrder tells which order a transfer of this client carried out: the
// identifier of its receipt. order.ErrNoReceipt for transfers of the first
// release, which had none.
func (s *Service) SignedOrder(ctx context.Context, who client.ID, transfer id.ID) (id.ID, error) {
	o, err := s.sent(ctx, who, transfer)
	if err != nil {
		return id.ID{}, err
	}
	signed, ok := orderOf(o.Details.Order)
	if !ok {
		return id.ID{}, order.ErrNoReceipt
	}
	return signed, nil
}

// spent finds out whether the book refused an order's row because the order
// was carried out before, under another key: then it is the repeat of that.
func (s *Service) spent(ctx context.Context, cmd ToFriend, print ledger.Print) (ledger.Record, bool, error) {
	if s.d.Orders == nil {
		return ledger.Record{}, false, nil
	}
	txn, err := s.d.Orders.Txn(ctx, cmd.Client, cmd.Signed.ID())
	if errors.Is(err, order.ErrNoReceipt) {
		return ledger.Record{}, false, nil
	}
	if err != nil {
		return ledger.Record{}, false, err
	}
	rec, found, err := ledger.ByID(ctx, s.d.DB, txn)
	return rec, found && err == nil && rec.Owner == int64(cmd.Client) && rec.Print == print, err
}

// print binds a key to its content. The quote's identifier and time are not in
// it: the same thing ordered again under the same key is a replay.
func (q quoteBody) print(message string) ledger.Print {
	n := func(v int64) string { return strconv.FormatInt(v, 10) }
	return ledger.PrintOf("transfer.friend", n(int64(q.From)), n(int64(q.To.Client)), n(int64(q.To.Account)),
		n(q.Amount), n(q.Fee), n(int64(q.Cur)), message)
}

// CleanMessage gives the message as it is kept: trimmed and in NFC. More than
// 140 characters, control characters and characters that reorder the text
// around them are refused.
func CleanMessage(s string) (string, error) {
	if len(s) > MaxMessageRunes*16 { // no text that short takes so many bytes
		return "", ErrMessageLong.With("max", MaxMessageRunes)
	}
	if !utf8.ValidString(s) {
		return "", ErrMessageChars
	}
	s = strings.TrimSpace(norm.NFC.String(s))
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || unicode.Is(unicode.Bidi_Control, r) {
			return "", ErrMessageChars
		}
	}
	if utf8.RuneCountInString(s) > MaxMessageRunes {
		return "", ErrMessageLong.With("max", MaxMessageRunes)
	}
	return s, nil
}
