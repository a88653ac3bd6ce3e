package staff

import (
	"errors"
	"log/slog"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// Prefixes of what leaves this room.
const (
	MemberPrefix   = "st"
	CasePrefix     = "cs"
	LookPrefix     = "lk"
	ProposalPrefix = "pr"
	NotePrefix     = "nt"
)

// The refusals.
var (
	ErrNoSession   = fault.New(fault.Unauthenticated, "staff.no_session")
	ErrIdle        = fault.New(fault.Unauthenticated, "staff.idle")      // fifteen minutes without a request
	ErrTooOld      = fault.New(fault.Unauthenticated, "staff.too_old")   // twelve hours since login
	ErrDisabled    = fault.New(fault.Unauthenticated, "staff.disabled")  // the member was disabled
	ErrLink        = fault.New(fault.Missing, "staff.link")              // used, too old or never given
	ErrPasskey     = fault.New(fault.Unauthenticated, "staff.passkey")   // the passkey is none of ours
	ErrRole        = fault.New(fault.Forbidden, "staff.role")            // not among the tasks of your roles
	ErrNoCase      = fault.New(fault.Forbidden, "staff.no_case")         // no open case of yours about this client
	ErrReason      = fault.New(fault.Invalid, "staff.reason")            // 10 to 200 letters
	ErrMissing     = fault.New(fault.Missing, "staff.missing")           // no such member, case, proposal
	ErrName        = fault.New(fault.Invalid, "staff.name")              // given and family name
	ErrRoles       = fault.New(fault.Invalid, "staff.roles")             // none, or one that does not exist
	ErrAdminAlone  = fault.New(fault.Refused, "staff.admin_alone")       // admin goes with no role that sees clients
	ErrSelf        = fault.New(fault.Refused, "staff.self")              // nobody changes his own rights
	ErrLastAdmin   = fault.New(fault.Refused, "staff.last_admin")        // somebody must be able to let people in
	ErrSameEyes    = fault.New(fault.Refused, "staff.same_eyes")         // the maker cannot be the checker
	ErrDecided     = fault.New(fault.Conflict, "staff.decided")          // somebody decided already
	ErrCaseTaken   = fault.New(fault.Conflict, "staff.case_taken")       // assigned to somebody else
	ErrCaseClosed  = fault.New(fault.Conflict, "staff.case_closed")      // it is over
	ErrNotProved   = fault.New(fault.Refused, "staff.not_proved")        // the caller has not said the code word
	ErrPayload     = fault.New(fault.Invalid, "staff.payload")           // the proposal says nothing to do
	ErrPassport    = fault.New(fault.Invalid, "staff.passport_whole")    // series, number, office and day come together
	ErrNamePaper   = fault.New(fault.Invalid, "staff.name_passport")     // a new name comes with the passport that shows it
	ErrNoteLength  = fault.New(fault.Invalid, "staff.note")              // 1 to 2000 letters
	ErrNotDemo     = fault.New(fault.Refused, "staff.not_demo")          // demo links live in a demo alone
	ErrNoExecutor  = fault.New(fault.Broken, "staff.no_executor")        // nothing carries this kind out
	ErrLookTooOld  = fault.New(fault.Forbidden, "staff.look_old")        // open the data again with a reason
	ErrTooManyKeys = fault.New(fault.Refused, "staff.too_many_passkeys") // five passkeys are enough
)

// Roles is a set of duties, as bits.
type Roles uint16

// The roles.
const (
	Manager     Roles = 1 << iota // takes clients on: applications, calls, scans
	Support                       // answers calls: code word, recovery, changes of data
	CardOfficer                   // looks after cards
	Compliance                    // checks: second pair of eyes, blocks
	Auditor                       // reads the audit trail, sees no client data
	Security                      // watches alerts and devices of staff, sees no client data
	Admin                         // lets members in and out, sees no client data
)

// AllRoles lists every single role, in the order they are shown.
func AllRoles() []Roles {
	return []Roles{Manager, Support, CardOfficer, Compliance, Auditor, Security, Admin}
}

// Clients are the roles with which client data can be opened at all.
const Clients = Manager | Support | CardOfficer | Compliance

// Word is the stable word of a single role: "card_officer".
func (r Roles) Word() string {
	switch r {
	case Manager:
		return "manager"
	case Support:
		return "support"
	case CardOfficer:
		return "card_officer"
	case Compliance:
		return "compliance"
	case Auditor:
		return "auditor"
	case Security:
		return "security"
	case Admin:
		return "admin"
	}
	return ""
}

// Each gives the single roles of a set.
func (r Roles) Each() []Roles {
	var out []Roles
	for _, one := range AllRoles() {
		if r&one != 0 {
			out = append(out, one)
		}
	}
	return out
}

// String gives the words with commas.
func (r Roles) String() string {
	var words []string
	for _, one := range r.Each() {
		words = append(words, one.Word())
	}
	return strings.Join(words, ",")
}

// Any tells whether the sets share a role.
func (r Roles) Any(of Roles) bool { return r&of != 0 }

// ParseRoles reads words with commas; ErrRoles for none and for a strange one.
func ParseRoles(s string) (Roles, error) {
	var out Roles
	for word := range strings.SplitSeq(s, ",") {
		found := false
		for _, one := range AllRoles() {
			if strings.EqualFold(strings.TrimSpace(word), one.Word()) {
				out, found = out|one, true
			}
		}
		if !found {
			return 0, ErrRoles.With("role", strings.TrimSpace(word)).At("roles")
		}
	}
	return out, out.check()
}

func (r Roles) check() error {
	var all Roles
	for _, one := range AllRoles() {
		all |= one
	}
	switch {
	case r == 0 || r&^all != 0:
		return ErrRoles.With("role", "").At("roles")
	case r.Any(Admin) && r.Any(Clients):
		// Who may give rights could give himself any: he gets no client data.
		return ErrAdminAlone.At("roles")
	}
	return nil
}

// State tells whether a member may come in.
type State int16

// The states of a member.
const (
	Active   State = 1
	Disabled State = 2
)

// Name is a member's name. Printed by accident it is stars.
type Name struct{ First, Last string }

// Short is what clients and colleagues see: «Мария О.».
func (n Name) Short() string {
	for _, initial := range n.Last {
		return n.First + " " + string(initial) + "."
	}
	return n.First
}

// Whole is for the console itself.
func (n Name) Whole() string { return strings.TrimSpace(n.First + " " + n.Last) }

// String is stars.
func (n Name) String() string { return "•••" }

// GoString is stars.
func (n Name) GoString() string { return "•••" }

// LogValue is stars.
func (n Name) LogValue() slog.Value { return slog.StringValue("•••") }

var errMarshal = errors.New("staff: a name is not written by itself; name its parts on purpose")

// MarshalText refuses, so that no encoder writes a name by accident.
func (n Name) MarshalText() ([]byte, error) { return nil, errMarshal }

// Member is somebody who works for the bank.
type Member struct {
	ID       id.ID
	Name     Name
	Roles    Roles
	State    State
	Created  time.Time
	Passkeys int // how many he can come in with; 0: his link is still open
}

// Text is the outside form of his identifier.
func (m Member) Text() string { return m.ID.Text(MemberPrefix) }

// Actor is who does something: a member as he stands at this very request. It
// is a value to hand on, not to keep: rights may change in the next moment.
type Actor struct {
	id      id.ID
	session id.ID
	name    Name
	roles   Roles
}

// NewActor makes an actor; the console makes them from sessions.
func NewActor(who, session id.ID, name Name, roles Roles) Actor {
	return Actor{id: who, session: session, name: name, roles: roles}
}

// ID is the member's identifier.
func (a Actor) ID() id.ID { return a.id }

// Session tells in which session he acts.
func (a Actor) Session() id.ID { return a.session }

// Name is his short name, «Мария О.».
func (a Actor) Name() string { return a.name.Short() }

// FullName is family name and given name as papers have them, «Орлова Мария»:
// what is drawn into pictures that leave the bank on somebody's screen.
func (a Actor) FullName() string { return strings.TrimSpace(a.name.Last + " " + a.name.First) }

// Roles are his duties.
func (a Actor) Roles() Roles { return a.roles }

// Has tells whether he has one of the roles.
func (a Actor) Has(any Roles) bool { return a.roles.Any(any) }

// Ref is how evidence and the audit trail call him: "staff:st_…".
func (a Actor) Ref() string { return "staff:" + a.id.Text(MemberPrefix) }

// Session is a member inside.
type Session struct {
	ID       id.ID
	Member   Member
	Way      Way
	Started  time.Time
	IdleEnds time.Time
	Ends     time.Time
}

// Actor gives who acts in the session.
func (s Session) Actor() Actor {
	return NewActor(s.Member.ID, s.ID, s.Member.Name, s.Member.Roles)
}

// Way tells how a session was opened.
type Way int16

// The ways in.
const (
	ByPasskey  Way = 1
	ByDemoLink Way = 2
)

// Activity tells whether a request counts as the member doing something.
type Activity bool

// Background requests are no activity.
const (
	Acts    Activity = true
	Watches Activity = false
)

// CaseKind says why somebody has to do with a client.
type CaseKind int16

// The kinds of cases.
const (
	CaseApplication CaseKind = 1
	CaseCall        CaseKind = 2
	CaseComplaint   CaseKind = 3
	CaseCheck       CaseKind = 4
)

// Word is the stable word of a kind.
func (k CaseKind) Word() string {
	switch k {
	case CaseApplication:
		return "application"
	case CaseCall:
		return "call"
	case CaseComplaint:
		return "complaint"
	case CaseCheck:
		return "check"
	}
	return "other"
}

// CaseState tells whether a case still opens anything.
type CaseState int16

// The states of a case.
const (
	CaseOpen   CaseState = 1
	CaseClosed CaseState = 2
)

// Case is a reason to look at a client or an application.
type Case struct {
	ID       id.ID
	Kind     CaseKind
	Client   client.ID // 0: nobody's yet (an application)
	Subject  string    // what it is about besides the client, "ca_…"; may be empty
	Assignee id.ID     // zero: nobody's yet
	State    CaseState
	Proved   time.Time // when the caller said the right code word; zero: not
	Opened   time.Time
	Changed  time.Time
}

// Text is the outside form of its identifier.
func (c Case) Text() string { return c.ID.Text(CasePrefix) }

// Target is what a look is at: a client, or an application that is nobody's yet.
type Target struct {
	Client  client.ID
	Subject string // "ca_…"; may be empty when Client is set
}

// What names the part of a client's data that a look opens.
type What string

// The parts. Rooms with own pages may name more ("scan", "phone", …).
const (
	WhatPerson     What = "person"
	WhatOperations What = "operations"
	WhatCards      What = "cards"
	WhatDevices    What = "devices"
	WhatScan       What = "scan"
	WhatQuestions  What = "application"
	WhatDelivery   What = "delivery" // where plastic is brought to
	WhatDispute    What = "dispute"  // what a client says is wrong with a purchase
)

// Look is one opening of a client's data.
type Look struct {
	ID     id.ID
	At     time.Time
	Who    string // short name, «Мария О.»
	Role   Roles  // the single role he looked in
	What   What
	Reason string
	Case   CaseKind
	Target Target
}

// ProposalKind says what two pairs of eyes decide.
type ProposalKind int16

// The kinds of proposals.
const (
	ProposePhone      ProposalKind = 1 // another phone number
	ProposePerson     ProposalKind = 2 // name, passport, address
	ProposeUnblock    ProposalKind = 3 // a blocked client may order again
	ProposeCorrection ProposalKind = 4 // a manual posting in the book
	ProposeUnfreeze   ProposalKind = 5 // a card the bank itself has frozen
	ProposeMail       ProposalKind = 6 // another e-mail
	ProposeDispute    ProposalKind = 7 // money returned for a dispute
)

// Word is the stable word of a kind.
func (k ProposalKind) Word() string {
	switch k {
	case ProposePhone:
		return "phone"
	case ProposePerson:
		return "person"
	case ProposeUnblock:
		return "unblock"
	case ProposeCorrection:
		return "correction"
	case ProposeUnfreeze:
		return "unfreeze"
	case ProposeMail:
		return "mail"
	case ProposeDispute:
		return "dispute"
	}
	return "other"
}

// ProposalState tells how a proposal stands.
type ProposalState int16

// The states of a proposal.
const (
	Waiting  ProposalState = 1
	Approved ProposalState = 2
	Refused  ProposalState = 3
)

// Proposal is an act that waits for a second pair of eyes.
type Proposal struct {
	ID      id.ID
	Kind    ProposalKind
	Client  client.ID
	Case    id.ID
	State   ProposalState
	Maker   Member
	Checker Member // zero while it waits
	Made    time.Time
	Decided time.Time
	// Fields say what is to be done, by name: "phone": "+7…". They are sealed
	// at rest and shown to who may decide.
	Fields map[string]string
	Reason string
}

// Text is the outside form of its identifier.
func (p Proposal) Text() string { return p.ID.Text(ProposalPrefix) }

// Note is what a member wrote down about a client.
type Note struct {
	ID   id.ID
	At   time.Time
	Who  string
	Text string
}
