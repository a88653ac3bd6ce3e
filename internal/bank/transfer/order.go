package transfer

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/id"
	"rocketbank/internal/ledger"
)

// Order is what the client confirms: one canonical text that names who, what,
// how much, to whom, when and the order's identifier, and its fingerprint.
type Order struct {
	ID    id.ID
	Text  string
	Print [32]byte // SHA-256 of Text
}

// ProofKind is how an order was confirmed.
type ProofKind string

// The kinds of proof. Device keys and passkeys come with them.
const (
	ByPasscode ProofKind = "passcode" // in a session of a known device
	ByToken    ProofKind = "token"    // a personal token with the scope transfer
)

// Proof is the evidence that the client confirmed one order and no other. The
// door makes it with Order.Proved after it has checked the confirmation.
type Proof struct {
	Kind  ProofKind
	By    string // identifier of the session or token; never the secret itself
	Print [32]byte
}

// Proved makes the proof of a confirmation that was bound to this order.
func (o Order) Proved(kind ProofKind, by string) Proof {
	return Proof{Kind: kind, By: by, Print: o.Print}
}

// of tells whether the proof is for this order and of a kind that counts.
func (p Proof) of(o Order) bool {
	return (p.Kind == ByPasscode || p.Kind == ByToken) && p.Print == o.Print
}

// evidence is how a proof is kept beside its order. The print is not kept: it
// follows from the order, which follows from the feed row.
func (p Proof) evidence() string { return string(p.Kind) + " " + p.By }

// evidence is what the feed row does not know of its order: identifier and time.
func (q quoteBody) evidence() string {
	return q.ID.Text(QuotePrefix) + " " + strconv.FormatInt(q.Made, 10)
}

// Evidence gives the order that a client confirmed for a transfer, to the
// letter, and how: kind and identifier of the session or token.
func (s *Service) Evidence(ctx context.Context, who client.ID, transfer id.ID) (Order, Proof, error) {
	o, err := s.sent(ctx, who, transfer)
	if err != nil {
		return Order{}, Proof{}, err
	}
	r, err := receipt(o)
	if err != nil {
		return Order{}, Proof{}, err
	}
	quote, made, _ := strings.Cut(o.Details.Order, " ")
	q := quoteBody{
		From: r.From, Amount: r.Amount.Minor, Fee: r.Fee.Minor, Cur: r.Amount.Cur,
		To: payeeBody{Client: o.Details.Peer, Account: o.Details.PeerAccount, Name: o.Details.Name},
	}
	if q.ID, err = id.Parse(QuotePrefix, quote); err != nil {
		return Order{}, Proof{}, fmt.Errorf("evidence of %s: %w", r.Text(), err)
	}
	if q.Made, err = strconv.ParseInt(made, 10, 64); err != nil {
		return Order{}, Proof{}, fmt.Errorf("evidence of %s: %w", r.Text(), err)
	}
	order := q.order(who, r.Message)
	kind, by, _ := strings.Cut(o.Details.Proof, " ")
	return order, order.Proved(ProofKind(kind), by), nil
}

// Order gives the text to be confirmed for a quote and a message.
func (s *Service) Order(who client.ID, quote, message string) (Order, error) {
	q, err := s.quote(who, quote)
	if err != nil {
		return Order{}, err
	}
	message, err = CleanMessage(message)
	if err != nil {
		return Order{}, err
	}
	return q.order(who, message), nil
}

// order writes the canonical text. Its form is part of the evidence: a change
// needs a new number in the first line. Names and messages are quoted, so no
// content can look like another line.
func (q quoteBody) order(who client.ID, message string) Order {
	var b strings.Builder
	fmt.Fprintf(&b, "rocketbank order 1\norder: %s\nwhat: transfer to a friend\n", q.ID.Text(QuotePrefix))
	fmt.Fprintf(&b, "who: client %d\nfrom: account %d\n", who, q.From)
	fmt.Fprintf(&b, "to: client %d account %d %q\n", q.To.Client, q.To.Account, q.To.Name)
	fmt.Fprintf(&b, "amount: %s\nfee: %s\nmessage: %q\n", q.amount(), q.fee(), message)
	fmt.Fprintf(&b, "when: %s\n", q.made().Format(time.RFC3339))
	return Order{ID: q.ID, Text: b.String(), Print: sha256.Sum256([]byte(b.String()))}
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
