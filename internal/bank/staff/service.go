package staff

import (
	"context"
	"fmt"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

// Limits say how patient the staff's door is. A zero means the standard value.
type Limits struct {
	Idle     time.Duration // a session without a request: 15 min
	Absolute time.Duration // a session at all: 12 h
	Link     time.Duration // a one-time link: 24 h
	DemoLink time.Duration // … of the demo's sandbox: 1 h
	Ceremony time.Duration // a passkey dialogue: 5 min
	LookFor  time.Duration // how long one reason opens a page: 15 min
	// Many different clients opened by one member within an hour are an alarm.
	ManyLooks int // 30
}

func (l Limits) orStandard() Limits {
	for _, d := range []struct {
		to  *time.Duration
		std time.Duration
	}{
		{&l.Idle, 15 * time.Minute}, {&l.Absolute, 12 * time.Hour}, {&l.Link, 24 * time.Hour}, {&l.DemoLink, time.Hour},
		{&l.Ceremony, 5 * time.Minute}, {&l.LookFor, 15 * time.Minute},
	} {
		if *d.to == 0 {
			*d.to = d.std
		}
	}
	if l.ManyLooks == 0 {
		l.ManyLooks = 30
	}
	return l
}

// Alarm tells who watches that something is not as it should be; room watch.
type Alarm interface {
	// Raise keeps an alert within the unit of work. Subject is an identifier
	// or an actor's reference, never a name.
	Raise(ctx context.Context, tx db.Tx, kind, subject string, n int) error
	// Decoy tells whether a client is bait that nobody has a reason to look at.
	Decoy(ctx context.Context, r db.Reader, who client.ID) (bool, error)
}

// Executor carries an approved proposal out within the unit of work that
// approves it: it is done or it is not approved.
type Executor func(ctx context.Context, tx db.Tx, p Proposal, by Actor) error

// Applier carries an approved proposal out in a unit of work of another room,
// before the approval is written down. That room keeps its own guard: asked
// again after a crash between the two, it does nothing new.
type Applier func(ctx context.Context, p Proposal, by Actor) error

// Word is what the client himself gives before a proposal about his own data may
// be approved: his signed word and, where they are needed, new pictures of his
// passport; room paper.
type Word interface {
	// Ask asks him, within the unit of work that makes the proposal.
	Ask(ctx context.Context, tx db.Tx, by Actor, p Proposal) error
	// Given tells why it may not be approved yet; nil when it may.
	Given(ctx context.Context, r db.Reader, p Proposal) error
	// Again sends it back to him, for pictures that show too little.
	Again(ctx context.Context, tx db.Tx, by Actor, p Proposal) error
	// End tells how it was decided.
	End(ctx context.Context, tx db.Tx, p Proposal) error
}

// Options say how the room is set up.
type Options struct {
	Origin string // where staff use the console, "https://console.bank.example"
	Host   string // its host name: the relying party of passkeys
	Brand  string
	Now    func() time.Time // real time; the machine's clock when nil
	Limits Limits
	Alarm  Alarm // may be nil
	// Carry says how each kind of proposal is carried out; a kind without one
	// cannot be proposed.
	Carry map[ProposalKind]Executor
	// Word is asked about changes of a client's own data; without it none can be
	// proposed.
	Word Word
	// Apply is the same as Carry for kinds that another room carries out by itself.
	Apply map[ProposalKind]Applier
}

// Service is the room. It is safe for concurrent use.
type Service struct {
	db     *db.DB
	vault  *vault.Vault
	ids    *id.Source
	origin string
	now    func() time.Time
	limits Limits
	alarm  Alarm
	carry  map[ProposalKind]Executor
	apply  map[ProposalKind]Applier
	word   Word
	keys   *webauthn.WebAuthn
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, ids *id.Source, o Options) (*Service, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Origin == "" {
		o.Origin, o.Host = "http://localhost", "localhost"
	}
	if o.Brand == "" {
		o.Brand = "Rocketbank"
	}
	resident := true
	keys, err := webauthn.New(&webauthn.Config{
		RPID: o.Host, RPDisplayName: o.Brand, RPOrigins: []string{o.Origin},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: &resident, ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys of staff: %w", err)
	}
	now := o.Now
	return &Service{
		db: d, vault: v, ids: ids, origin: o.Origin, limits: o.Limits.orStandard(), alarm: o.Alarm, carry: o.Carry, apply: o.Apply, word: o.Word, keys: keys,
		now: func() time.Time { return now().UTC().Truncate(time.Microsecond) },
	}, nil
}

// record writes a line of the audit trail; it comes last in a unit of work.
func (s *Service) record(ctx context.Context, tx db.Tx, actor string, who client.ID, act, subject, details string) error {
	return audit.Append(ctx, tx, audit.Entry{
		At: tx.Now(), Actor: actor, Client: int64(who), Act: act, Subject: subject, Details: []byte(details),
	})
}

func micro(t time.Time) int64 { return t.UnixMicro() }

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func orNil(x id.ID) any {
	if x.IsZero() {
		return nil
	}
	return x.Bytes()
}

func fromBytes(b []byte) (id.ID, error) {
	if b == nil {
		return id.ID{}, nil
	}
	return id.FromBytes(b)
}
