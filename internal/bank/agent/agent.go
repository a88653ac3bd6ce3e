// Package agent keeps which mobile operators and wallets money can be sent to.
//
// Which there are and how they are reached is configuration of the process;
// whether one is open is data: the operator closes one with a reason, say when
// its bank has lost the licence, and every page shows it greyed with these
// words until it is opened again. Both are lines of the audit trail.
package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
)

// Kind is what a partner keeps.
type Kind string

// The kinds.
const (
	Mobile Kind = "mobile" // accounts of mobile phones
	Wallet Kind = "wallet"
	Card   Kind = "card" // other banks' cards: one entry for all of them
)

// Agent is one partner, as it stands.
type Agent struct {
	Code   string
	Kind   Kind
	RU, EN string
	Closed bool
	WhyRU  string // of Closed, in words for people
	WhyEN  string
	Since  time.Time // of the last change; zero: never
}

// The refusals: they are for the operator, who reads English.
var (
	ErrUnknown = errors.New("there is no such partner")
	ErrWhy     = errors.New("say why in both languages, each in at most 120 letters")
)

const maxWhy = 120

var (
	qList = db.Query(`SELECT code, closed, why_ru, why_en, at_us FROM agent ORDER BY code LIMIT 1000`)
	qPut  = db.Query(`INSERT INTO agent (code, closed, why_ru, why_en, at_us) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (code) DO UPDATE SET closed = excluded.closed, why_ru = excluded.why_ru, why_en = excluded.why_en, at_us = excluded.at_us`)
)

// Service knows the partners. It is safe for concurrent use.
type Service struct {
	db    *db.DB
	known []Agent
}

// New makes the service over the partners of the configuration.
func New(d *db.DB, known []Agent) *Service { return &Service{d, known} }

// List gives all partners in the order of the configuration.
func (s *Service) List(ctx context.Context) ([]Agent, error) {
	stand, err := states(ctx, s.db)
	if err != nil {
		return nil, err
	}
	out := make([]Agent, len(s.known))
	for i, a := range s.known {
		if n, ok := stand[a.Code]; ok {
			a.Closed, a.WhyRU, a.WhyEN, a.Since = n.Closed, n.WhyRU, n.WhyEN, n.Since
		}
		out[i] = a
	}
	return out, nil
}

func states(ctx context.Context, r db.Reader) (map[string]Agent, error) {
	rows, err := r.Rows(ctx, qList)
	if err != nil {
		return nil, fmt.Errorf("partners: %w", err)
	}
	defer rows.Close()
	out := map[string]Agent{}
	for rows.Next() {
		var a Agent
		var closed, at int64
		if err := rows.Scan(&a.Code, &closed, &a.WhyRU, &a.WhyEN, &at); err != nil {
			return nil, err
		}
		a.Closed, a.Since = closed != 0, time.UnixMicro(at).UTC()
		out[a.Code] = a
	}
	return out, rows.Err()
}

// States gives what is kept of partners, whatever the configuration knows: for
// the operator's command.
func States(ctx context.Context, r db.Reader) (map[string]Agent, error) { return states(ctx, r) }

// Close shuts a partner and says why; payments under way go on.
func Close(ctx context.Context, d *db.DB, code, whyRU, whyEN, actor string) error {
	if !words(whyRU) || !words(whyEN) {
		return ErrWhy
	}
	return put(ctx, d, Agent{Code: code, Closed: true, WhyRU: whyRU, WhyEN: whyEN}, actor, "agent.closed")
}

// Open lets money go there again.
func Open(ctx context.Context, d *db.DB, code, actor string) error {
	return put(ctx, d, Agent{Code: code}, actor, "agent.opened")
}

func words(s string) bool {
	return strings.TrimSpace(s) != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxWhy && !strings.ContainsFunc(s, unicode.IsControl)
}

func put(ctx context.Context, d *db.DB, a Agent, actor, act string) error {
	if !plain(a.Code) {
		return ErrUnknown
	}
	closed := int64(0)
	if a.Closed {
		closed = 1
	}
	return d.Write(ctx, func(tx db.Tx) error {
		if _, err := tx.Exec(ctx, qPut, a.Code, closed, a.WhyRU, a.WhyEN, tx.Now().UnixMicro()); err != nil {
			return fmt.Errorf("partner %s: %w", a.Code, err)
		}
		return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Act: act, Subject: a.Code, Details: []byte(a.WhyRU)})
	})
}

// plain tells a code: lower-case letters, digits and hyphens.
func plain(code string) bool {
	return code != "" && len(code) <= 32 && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
