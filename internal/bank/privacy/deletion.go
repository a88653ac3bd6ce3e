package privacy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
)

// answerIn is when a request has to be answered (152-ФЗ ст. 21 ч. 5).
const answerIn = 30 * 24 * time.Hour

// DeletionState tells how a request stands.
type DeletionState int16

// The states.
const (
	Asked     DeletionState = 1
	Answered  DeletionState = 2 // by staff, in writing
	Withdrawn DeletionState = 3
)

// Name is the state's word.
func (s DeletionState) Name() string {
	switch s {
	case Answered:
		return "answered"
	case Withdrawn:
		return "withdrawn"
	}
	return "asked"
}

// Deletion is a client's request to delete what the bank holds of him.
type Deletion struct {
	ID       id.ID
	Client   client.ID
	State    DeletionState
	Made     time.Time
	AnswerBy time.Time
	Changed  time.Time
}

// Kept is one kind of data and what a request to delete does to it.
type Kept struct {
	What string `json:"what"` // its name is privacy.data_WHAT
	// Rule is the reason it stays, privacy.rule_RULE; empty: it goes at once.
	Rule string `json:"rule,omitempty"`
	// Years it stays after the end of the contract; 0 with a Rule: as long as
	// the contract itself.
	Years int `json:"years_after_contract,omitempty"`
}

// Retention lists every kind of data the bank holds of a client and what the
// law says of it. Operations, orders and identification stay five years after
// the contract's end (115-ФЗ ст. 7 п. 4; 402-ФЗ ст. 29), the trail of looks
// and logins as long, consents three years (ГК ст. 196). What nobody makes us
// keep goes with the request: the consents an account can do without.
func Retention() []Kept {
	return []Kept{
		{What: "marketing"},
		{What: "friends"},
		{What: "person", Rule: "115fz", Years: 5},
		{What: "scans", Rule: "115fz", Years: 5},
		{What: "operations", Rule: "402fz", Years: 5},
		{What: "disputes", Rule: "402fz", Years: 5},
		{What: "orders", Rule: "115fz", Years: 5},
		{What: "cards", Rule: "contract"},
		{What: "access", Rule: "contract"},
		{What: "trail", Rule: "115fz", Years: 5},
		{What: "consents", Rule: "gk196", Years: 3},
	}
}

// Verdict is what the answer to a request says of one kind of data.
type Verdict struct {
	Kept
	// Gone tells that it is deleted now, or has been with the request.
	Gone bool
	// Until is when the law lets go of it; zero while the contract runs.
	Until time.Time
}

// Sentence says the verdict in words.
func (v Verdict) Sentence(p *locale.Printer) string {
	what := locale.A("what", p.T("privacy.data_"+v.What))
	switch {
	case v.Gone:
		return p.T("privacy.answer_gone", what)
	case v.Until.IsZero():
		return v.Kept.Sentence(p)
	}
	return p.T("privacy.answer_until", what, locale.A("day", p.DateFull(v.Until)), locale.A("law", p.T("privacy.rule_"+v.Rule)))
}

// Weigh says what becomes of every kind of data on a day, for a client whose
// contract ended; the zero time: it runs.
func Weigh(ended, day time.Time) []Verdict {
	var out []Verdict
	for _, k := range Retention() {
		v := Verdict{Kept: k}
		switch {
		case k.Rule == "":
			v.Gone = true
		case ended.IsZero():
		default:
			v.Until = ended.AddDate(k.Years, 0, 0)
			v.Gone = !day.Before(v.Until)
		}
		out = append(out, v)
	}
	return out
}

// shreds tells whether everything under the client's own key may go: the key
// is one for his papers and the pictures of them.
func shreds(all []Verdict) bool {
	papers, scans := false, false
	for _, v := range all {
		papers = papers || v.What == "person" && v.Gone
		scans = scans || v.What == "scans" && v.Gone
	}
	return papers && scans
}

// outcome is the answer as the trail keeps it, in words that never change.
func outcome(all []Verdict) string {
	var gone, kept []string
	for _, v := range all {
		if v.Gone {
			gone = append(gone, v.What)
		} else {
			kept = append(kept, v.What)
		}
	}
	return "gone " + strings.Join(gone, ",") + "; kept " + strings.Join(kept, ",")
}

const deletionColumns = `client, id, state, made_us, answer_us, changed_us`

var (
	qDeletionNew  = db.Query(`INSERT INTO deletion_request (` + deletionColumns + `) VALUES ($1, $2, $3, $4, $5, $4)`)
	qDeletions    = db.Query(`SELECT ` + deletionColumns + ` FROM deletion_request WHERE client = $1 ORDER BY id DESC LIMIT 100`)
	qDeletionMove = db.Query(`UPDATE deletion_request SET state = $3, changed_us = $4 WHERE client = $1 AND state = $2`)
	qDeletion     = db.Query(`SELECT ` + deletionColumns + ` FROM deletion_request WHERE id = $1 ORDER BY client LIMIT 1`)
	qDeletionsDue = db.Query(`SELECT ` + deletionColumns + ` FROM deletion_request WHERE state = $1 ORDER BY answer_us, client, id LIMIT $2`)
)

// RequestDeletion asks, with a fresh proof, that everything be deleted that
// may be: the consents an account can do without end at once, the rest is
// answered by staff within thirty days with what is kept and why (Retention).
func (s *Service) RequestDeletion(ctx context.Context, p access.Proof) (out Deletion, err error) {
	who, err := s.fresh(p)
	if err != nil {
		return Deletion{}, err
	}
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		if open, err := openOf(ctx, tx, who); err != nil {
			return err
		} else if open != nil {
			return ErrOpen.With("until", open.AnswerBy)
		}
		now := tx.Now()
		out = Deletion{ID: s.d.IDs.New(), Client: who, State: Asked, Made: now, AnswerBy: now.Add(answerIn), Changed: now}
		_, err := tx.Exec(ctx, qDeletionNew, int64(who), out.ID.Bytes(), int16(Asked), now.UnixMicro(), out.AnswerBy.UnixMicro())
		if err != nil {
			return fmt.Errorf("request a deletion: %w", err)
		}
		if s.d.Ports.TakeBack != nil {
			if err := s.d.Ports.TakeBack(ctx, tx, who); err != nil {
				return err
			}
		}
		return record(ctx, tx, "client", who, "privacy.deletion_asked", out.ID.Text(DeletionPrefix), "")
	})
	return out, err
}

// WithdrawDeletion takes the client's open request back; ErrNoDeletion when
// there is none. Consents stay as they are.
func (s *Service) WithdrawDeletion(ctx context.Context, who client.ID) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		return s.move(ctx, tx, who, Withdrawn, "client", "privacy.deletion_withdrawn", "", "")
	})
}

// AnswerDeletion answers a request for the bank: what the law lets go is
// deleted in the same unit of work, by shredding the key that the client's
// papers and their pictures rest under, and the trail says what went and what
// stays. It gives the verdicts, which the client reads on his page.
func (s *Service) AnswerDeletion(ctx context.Context, by access.Staff, request id.ID) (out []Verdict, err error) {
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		d, err := oneDeletion(ctx, tx, request)
		if err != nil {
			return err
		}
		ended, err := s.ended(ctx, d.Client)
		if err != nil {
			return err
		}
		if out = Weigh(ended, tx.Now()); shreds(out) {
			if err := s.d.Vault.Shred(ctx, tx, int64(d.Client)); err != nil {
				return err
			}
		}
		actor := "staff:" + strings.TrimPrefix(by.Ref(), "staff:")
		return s.move(ctx, tx, d.Client, Answered, actor, "privacy.deletion_answered", d.ID.Text(DeletionPrefix), outcome(out))
	})
	return out, err
}

func (s *Service) ended(ctx context.Context, who client.ID) (time.Time, error) {
	if s.d.Ports.Ended == nil {
		return time.Time{}, nil
	}
	return s.d.Ports.Ended(ctx, who)
}

// Verdicts tells what an answer of now would say, or what the answer said.
func (s *Service) Verdicts(ctx context.Context, d Deletion) ([]Verdict, error) {
	ended, err := s.ended(ctx, d.Client)
	day := s.d.DB.Now()
	if d.State == Answered {
		day = d.Changed
	}
	return Weigh(ended, day), err
}

func (s *Service) move(ctx context.Context, tx db.Tx, who client.ID, state DeletionState, actor, act, subject, details string) error {
	n, err := tx.Exec(ctx, qDeletionMove, int64(who), int16(Asked), int16(state), tx.Now().UnixMicro())
	if err != nil {
		return fmt.Errorf("close a deletion request: %w", err)
	}
	if n == 0 {
		return ErrNoDeletion
	}
	return record(ctx, tx, actor, who, act, subject, details)
}

// Deletions lists a client's requests, newest first.
func (s *Service) Deletions(ctx context.Context, who client.ID) ([]Deletion, error) {
	return deletions(ctx, s.d.DB, qDeletions, int64(who))
}

// OpenDeletion gives the request that waits for an answer; nil when none does.
func (s *Service) OpenDeletion(ctx context.Context, who client.ID) (*Deletion, error) {
	return openOf(ctx, s.d.DB, who)
}

// DueDeletions lists open requests for the staff, the most urgent first.
func (s *Service) DueDeletions(ctx context.Context, most int) ([]Deletion, error) {
	return deletions(ctx, s.d.DB, qDeletionsDue, int16(Asked), min(max(most, 1), 500))
}

// Deletion reads one request for the staff.
func (s *Service) Deletion(ctx context.Context, request id.ID) (Deletion, error) {
	return oneDeletion(ctx, s.d.DB, request)
}

func oneDeletion(ctx context.Context, r db.Reader, request id.ID) (Deletion, error) {
	all, err := deletions(ctx, r, qDeletion, request.Bytes())
	if err != nil {
		return Deletion{}, err
	}
	if len(all) == 0 {
		return Deletion{}, ErrNoDeletion
	}
	return all[0], nil
}

func openOf(ctx context.Context, r db.Reader, who client.ID) (*Deletion, error) {
	all, err := deletions(ctx, r, qDeletions, int64(who))
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if one.State == Asked {
			return &one, nil
		}
	}
	return nil, nil
}

func deletions(ctx context.Context, r db.Reader, q *db.Stmt, args ...any) (out []Deletion, err error) {
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("deletion requests: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var one Deletion
		var raw []byte
		var made, answer, changed int64
		if err := rows.Scan(&one.Client, &raw, &one.State, &made, &answer, &changed); err != nil {
			return nil, fmt.Errorf("deletion requests: %w", err)
		}
		if one.ID, err = id.FromBytes(raw); err != nil {
			return nil, fmt.Errorf("deletion requests: %w", err)
		}
		one.Made, one.AnswerBy, one.Changed = moment(made), moment(answer), moment(changed)
		out = append(out, one)
	}
	return out, rows.Err()
}

func record(ctx context.Context, tx db.Tx, actor string, who client.ID, act, subject, details string) error {
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: actor, Client: int64(who), Act: act, Subject: subject, Details: []byte(details)})
}

func moment(us int64) time.Time { return time.UnixMicro(us).UTC() }
