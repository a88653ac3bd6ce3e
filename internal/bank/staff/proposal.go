package staff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

const proposalColumns = `id, kind, client, case_id, maker, payload, state, checker, made_us, decided_us`

var (
	qProposalNew = db.Query(`INSERT INTO staff_proposal (` + proposalColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, 1, NULL, $7, 0)`)
	qProposal     = db.Query(`SELECT ` + proposalColumns + ` FROM staff_proposal WHERE id = $1`)
	qProposalLock = db.Query(`SELECT ` + proposalColumns + ` FROM staff_proposal WHERE id = $1 {for_update}`)
	qProposalSet  = db.Query(`UPDATE staff_proposal SET state = $2, checker = $3, decided_us = $4 WHERE id = $1 AND state = 1`)
	qProposals    = db.Query(`SELECT ` + proposalColumns + ` FROM staff_proposal WHERE state = 1 ORDER BY id LIMIT 200`)
	qProposalsOf  = db.Query(`SELECT ` + proposalColumns + ` FROM staff_proposal WHERE client = $1 ORDER BY id DESC LIMIT 50`)
)

// makes and decides tell with which roles a kind may be proposed and decided.
func (k ProposalKind) makes() Roles {
	switch k {
	case ProposePhone, ProposePerson, ProposeMail:
		return Support
	case ProposeUnblock:
		return Support | Compliance
	case ProposeUnfreeze:
		return Support | CardOfficer | Compliance
	case ProposeCorrection, ProposeDispute:
		return CardOfficer | Compliance
	}
	return 0
}

func (k ProposalKind) decides() Roles {
	switch k {
	case ProposePhone, ProposePerson, ProposeMail:
		return Support | Compliance
	case ProposeUnblock, ProposeCorrection, ProposeDispute:
		return Compliance
	case ProposeUnfreeze:
		return CardOfficer | Compliance
	}
	return 0
}

// needsCodeWord tells that only a caller who said his code word may ask for it.
func (k ProposalKind) needsCodeWord() bool {
	return k == ProposePhone || k == ProposePerson || k == ProposeMail
}

// needsClient tells that the client has to confirm it himself.
func (k ProposalKind) needsClient() bool { return k == ProposePerson || k == ProposeMail }

// MayMake and MayDecide tell which proposals a member has to do with.
func (a Actor) MayMake(k ProposalKind) bool { return a.Has(k.makes()) }

// MayDecide tells whether his roles may decide a kind.
func (a Actor) MayDecide(k ProposalKind) bool { return a.Has(k.decides()) }

// Proposing describes a proposal to be made.
type Proposing struct {
	Kind   ProposalKind
	Case   id.ID // an open case of the maker's, about the client
	Fields map[string]string
	Reason string
}

const reasonField = "_reason"

// Propose asks for an act that a second pair of eyes decides.
func (s *Service) Propose(ctx context.Context, by Actor, n Proposing) (out Proposal, err error) {
	if err := s.MayPropose(ctx, by, n); err != nil {
		return Proposal{}, err
	}
	fields := map[string]string{reasonField: strings.Join(strings.Fields(n.Reason), " ")}
	for name, value := range n.Fields {
		if value = strings.TrimSpace(value); utf8.RuneCountInString(value) > 500 {
			return Proposal{}, ErrPayload.At(name)
		} else if value != "" {
			fields[name] = value
		}
	}
	if len(fields) == 1 && len(n.Fields) > 0 {
		return Proposal{}, ErrPayload
	}
	if err := checkFields(n.Kind, fields); err != nil {
		return Proposal{}, err
	}
	plain, err := json.Marshal(fields)
	if err != nil {
		return Proposal{}, err
	}
	key := s.ids.New()
	sealed, err := s.vault.Seal(vault.PII, proposalAt(key), plain)
	if err != nil {
		return Proposal{}, err
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		c, err := s.mayPropose(ctx, tx, by, n)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qProposalNew, key.Bytes(), int16(n.Kind), int64(c.Client), c.ID.Bytes(), by.ID().Bytes(), sealed, micro(tx.Now())); err != nil {
			return fmt.Errorf("propose: %w", err)
		}
		if out, err = s.readProposal(ctx, tx, tx.Row(ctx, qProposal, key.Bytes())); err != nil {
			return err
		}
		if n.Kind.needsClient() {
			if err := s.word.Ask(ctx, tx, by, out); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, by.Ref(), c.Client, "proposal.made", out.Text(), n.Kind.Word())
	})
	return out, err
}

// MayPropose tells what stands against a proposal, its fields aside.
func (s *Service) MayPropose(ctx context.Context, by Actor, n Proposing) error {
	_, err := s.mayPropose(ctx, s.db, by, n)
	return err
}

func (s *Service) mayPropose(ctx context.Context, r db.Reader, by Actor, n Proposing) (Case, error) {
	letters := utf8.RuneCountInString(strings.Join(strings.Fields(n.Reason), " "))
	switch {
	case !by.Has(n.Kind.makes()):
		return Case{}, ErrRole
	case s.carry[n.Kind] == nil && s.apply[n.Kind] == nil, n.Kind.needsClient() && s.word == nil:
		return Case{}, ErrNoExecutor
	case letters < 10 || letters > 200:
		return Case{}, ErrReason.At("reason")
	}
	check := s.own
	if n.Kind.needsCodeWord() {
		check = s.proved
	}
	c, err := check(ctx, r, by, n.Case)
	if err == nil && c.Client == 0 {
		err = ErrNoCase
	}
	return c, err
}

// Decide approves or refuses a proposal of somebody else. What is approved is
// done in the same unit of work.
func (s *Service) Decide(ctx context.Context, by Actor, what id.ID, yes bool) (out Proposal, err error) {
	p, err := s.readProposal(ctx, s.db, s.db.Row(ctx, qProposal, what.Bytes()))
	if err != nil {
		return Proposal{}, err
	}
	if err := p.mayDecide(by); err != nil {
		return Proposal{}, err
	}
	if do := s.apply[p.Kind]; do != nil && yes {
		if err := do(ctx, p, by); err != nil {
			return Proposal{}, err
		}
	}
	err = s.db.Write(ctx, func(tx db.Tx) error {
		p, err := s.readProposal(ctx, tx, tx.Row(ctx, qProposalLock, what.Bytes()))
		if err != nil {
			return err
		}
		if err := p.mayDecide(by); err != nil {
			return err
		}
		if yes && p.Kind.needsClient() {
			if err := s.word.Given(ctx, tx, p); err != nil {
				return err
			}
		}
		p.State, p.Decided = Refused, tx.Now()
		act := "proposal.refused"
		if yes {
			p.State, act = Approved, "proposal.approved"
		}
		if p.Checker, err = s.member(ctx, tx, by.ID()); err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qProposalSet, what.Bytes(), int16(p.State), by.ID().Bytes(), micro(p.Decided))
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrDecided
		}
		if do := s.carry[p.Kind]; do != nil && yes {
			if err := do(ctx, tx, p, by); err != nil {
				return err
			}
		} else if yes && s.apply[p.Kind] == nil {
			return ErrNoExecutor
		}
		if p.Kind.needsClient() {
			if err := s.word.End(ctx, tx, p); err != nil {
				return err
			}
		}
		out = p
		return s.record(ctx, tx, by.Ref(), p.Client, act, p.Text(), p.Kind.Word()+" made by "+p.Maker.Text())
	})
	return out, err
}

// AskAgain sends a proposal about a client's own data back to him: the pictures
// show too little. It is for who may decide it.
func (s *Service) AskAgain(ctx context.Context, by Actor, what id.ID) error {
	return s.db.Write(ctx, func(tx db.Tx) error {
		p, err := s.readProposal(ctx, tx, tx.Row(ctx, qProposalLock, what.Bytes()))
		if err != nil {
			return err
		}
		if err := p.mayDecide(by); err != nil {
			return err
		}
		if !p.Kind.needsClient() {
			return ErrPayload
		}
		if err := s.word.Again(ctx, tx, by, p); err != nil {
			return err
		}
		return s.record(ctx, tx, by.Ref(), p.Client, "proposal.sent_back", p.Text(), p.Kind.Word())
	})
}

func (p Proposal) mayDecide(by Actor) error {
	switch {
	case !by.Has(p.Kind.decides()):
		return ErrRole
	case p.State != Waiting:
		return ErrDecided
	case p.Maker.ID == by.ID():
		return ErrSameEyes
	}
	return nil
}

// Proposal opens a proposal for who made it or may decide it. To read it is a
// look at the client, for which the proposal itself is the reason.
func (s *Service) Proposal(ctx context.Context, by Actor, what id.ID) (out Proposal, err error) {
	return s.see(ctx, by, what, "proposal")
}

// ProposalScan is Proposal for who looks at a picture that came with it.
func (s *Service) ProposalScan(ctx context.Context, by Actor, what id.ID) (Proposal, error) {
	return s.see(ctx, by, what, WhatScan)
}

func (s *Service) see(ctx context.Context, by Actor, what id.ID, part What) (out Proposal, err error) {
	err = s.db.Write(ctx, func(tx db.Tx) error {
		if out, err = s.readProposal(ctx, tx, tx.Row(ctx, qProposal, what.Bytes())); err != nil {
			return err
		}
		if out.Maker.ID != by.ID() && !by.Has(out.Kind.decides()) {
			return ErrMissing
		}
		c, err := s.scanCase(tx.Row(ctx, qCase, out.Case.Bytes()))
		if err != nil {
			return err
		}
		_, err = s.look(ctx, tx, by, c, Target{Client: out.Client}, part, out.Reason)
		return err
	})
	return out, err
}

// Proposals lists what waits and concerns the actor; the fields stay shut.
func (s *Service) Proposals(ctx context.Context, by Actor) ([]Proposal, error) {
	all, err := s.proposals(ctx, qProposals)
	var out []Proposal
	for _, p := range all {
		if p.Maker.ID == by.ID() || by.Has(p.Kind.decides()) {
			p.Fields, p.Reason = nil, ""
			out = append(out, p)
		}
	}
	return out, err
}

// ProposalsOf lists what was proposed about a client; the fields stay shut.
func (s *Service) ProposalsOf(ctx context.Context, who client.ID) ([]Proposal, error) {
	all, err := s.proposals(ctx, qProposalsOf, int64(who))
	for i := range all {
		all[i].Fields, all[i].Reason = nil, ""
	}
	return all, err
}

func (s *Service) proposals(ctx context.Context, q *db.Stmt, args ...any) ([]Proposal, error) {
	var out []Proposal
	err := s.db.Read(ctx, func(r db.Reader) error {
		rows, err := r.Rows(ctx, q, args...)
		if err != nil {
			return err
		}
		var raws []proposalRow
		for rows.Next() {
			var p proposalRow
			if err := p.scan(rows); err != nil {
				return errors.Join(err, rows.Close())
			}
			raws = append(raws, p)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		for _, raw := range raws {
			p, err := s.fromRow(ctx, r, raw)
			if err != nil {
				return err
			}
			out = append(out, p)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("proposals: %w", err)
	}
	return out, nil
}

type proposalRow struct {
	id, caseID, maker, payload, checker []byte
	kind                                ProposalKind
	client                              client.ID
	state                               ProposalState
	made, decided                       int64
}

func (p *proposalRow) scan(row interface{ Scan(...any) error }) error {
	return row.Scan(&p.id, &p.kind, &p.client, &p.caseID, &p.maker, &p.payload, &p.state, &p.checker, &p.made, &p.decided)
}

func (s *Service) readProposal(ctx context.Context, r db.Reader, row interface{ Scan(...any) error }) (Proposal, error) {
	var raw proposalRow
	if err := raw.scan(row); errors.Is(err, db.ErrNoRows) {
		return Proposal{}, ErrMissing
	} else if err != nil {
		return Proposal{}, fmt.Errorf("read a proposal: %w", err)
	}
	return s.fromRow(ctx, r, raw)
}

func (s *Service) fromRow(ctx context.Context, r db.Reader, raw proposalRow) (p Proposal, err error) {
	p = Proposal{Kind: raw.kind, Client: raw.client, State: raw.state, Made: moment(raw.made), Decided: moment(raw.decided)}
	if p.ID, err = id.FromBytes(raw.id); err != nil {
		return p, err
	}
	if p.Case, err = id.FromBytes(raw.caseID); err != nil {
		return p, err
	}
	for _, one := range []struct {
		raw []byte
		to  *Member
	}{{raw.maker, &p.Maker}, {raw.checker, &p.Checker}} {
		if one.raw == nil {
			continue
		}
		who, err := id.FromBytes(one.raw)
		if err != nil {
			return p, err
		}
		if *one.to, err = s.member(ctx, r, who); err != nil {
			return p, err
		}
	}
	plain, err := s.vault.Open(vault.PII, proposalAt(p.ID), raw.payload)
	if err != nil {
		return p, fmt.Errorf("a proposal: %w", err)
	}
	if err := json.Unmarshal(plain, &p.Fields); err != nil {
		return p, err
	}
	p.Reason = p.Fields[reasonField]
	delete(p.Fields, reasonField)
	return p, nil
}

func proposalAt(p id.ID) vault.At { return vault.At{Table: "staff_proposal.payload", Row: p.Bytes()} }
