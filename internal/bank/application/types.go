package application

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"rocketbank/internal/bank/access"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/scan"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/locale"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// Prefixes of the outside forms of an application's and a call's identifier.
const (
	Prefix     = "ap"
	CallPrefix = "ac"
)

// State tells how an application stands.
type State int16

// The states. Submitted waits for a manager, CallDue has one who will call,
// Retake waits for the person, the last three are ends.
const (
	Draft     State = 1
	Submitted State = 2
	CallDue   State = 3
	Retake    State = 4
	Approved  State = 5
	Refused   State = 6
	Withdrawn State = 7
)

// Name is the state's word for addresses, classes and catalogue keys.
func (s State) Name() string {
	return [...]string{"none", "draft", "submitted", "call_due", "retake", "approved", "refused", "withdrawn"}[min(max(s, 0), Withdrawn)]
}

// Live tells an application that is still on its way.
func (s State) Live() bool { return s >= Draft && s <= Retake }

// Step is one page of the questionnaire.
type Step string

// The steps in their order.
const (
	StepName     Step = "name"
	StepContact  Step = "contact"
	StepPassport Step = "passport"
	StepAddress  Step = "address"
	StepDelivery Step = "delivery"
	StepScans    Step = "scans"
	StepWord     Step = "word" // code word and consents
	StepReview   Step = "review"
)

// Steps lists the steps in their order.
func Steps() []Step {
	return []Step{StepName, StepContact, StepPassport, StepAddress, StepDelivery, StepScans, StepWord, StepReview}
}

// Page is a page of the passport that is photographed.
type Page int16

// The pages. The first two are always asked for, the others when a manager asks.
const (
	PageMain             Page = 1 // the spread with the photo
	PageRegistration     Page = 2
	PageRegistrationNext Page = 3 // further stamps of registration
	PageEarlier          Page = 4 // earlier passports
)

// Pages lists all pages in their order.
func Pages() []Page { return []Page{PageMain, PageRegistration, PageRegistrationNext, PageEarlier} }

// Name is the page's word for addresses and catalogue keys.
func (p Page) Name() string {
	return [...]string{"none", "main", "registration", "registration_next", "earlier"}[min(max(p, 0), PageEarlier)]
}

// ParsePage reads a page's word; false when there is no such page.
func ParsePage(name string) (Page, bool) {
	for _, p := range Pages() {
		if p.Name() == name {
			return p, true
		}
	}
	return 0, false
}

// Holder tells who fills a questionnaire in: the browser of a flow that has
// proved its phone, or a client of the old way inside his session.
type Holder struct {
	flow    string
	session access.Session
}

// ByFlow is a newcomer: the token of the flow cookie (purpose ForOrder, code right).
func ByFlow(token string) Holder { return Holder{flow: token} }

// BySession is a client who was taken on without a questionnaire.
func BySession(in access.Session) Holder { return Holder{session: in} }

// hushed makes a struct print and log as stars and refuse to be encoded, for
// it holds what a person typed.
type hushed struct{}

// Format is stars under every verb.
func (hushed) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("•••")) }

// LogValue is stars.
func (hushed) LogValue() slog.Value { return slog.StringValue("•••") }

// MarshalJSON is stars, so that no encoder writes a form by accident.
func (hushed) MarshalJSON() ([]byte, error) { return json.Marshal("•••") }

// NameForm is the first page. Fields of Problems: last, first, middle, birth_date.
type NameForm struct {
	hushed
	Last, First string
	Middle      string // may be empty: not everybody has one
	BirthDate   string // «31.12.1990» or «1990-12-31»; read back as the former
}

// ContactForm is the second page; the phone is proved already. Fields: email.
type ContactForm struct {
	hushed
	Email string // may be empty
}

// PassportForm is the third page. Fields: series, number, department,
// issued_by, issued_on, birth_place.
type PassportForm struct {
	hushed
	Series, Number string // four and six digits, blanks allowed
	Department     string // «770-001»
	IssuedBy       string
	IssuedOn       string // a date as in NameForm
	BirthPlace     string
}

// AddressForm is the fourth page: where the person is registered. Fields:
// post_code, region, city, street, house, flat.
type AddressForm struct {
	hushed
	PostCode string // six digits
	Region   string // a code of Regions
	City     string
	Street   string // may be empty: villages without streets
	House    string
	Flat     string // may be empty
}

// Delivery says how the card comes.
type Delivery string

// The deliveries.
const (
	Virtual Delivery = "virtual" // in the phone, at once; level simplified
	Courier Delivery = "courier" // a meeting with a courier; level full after it
)

// DeliveryForm is the fifth page. Fields: way, wish.
type DeliveryForm struct {
	hushed
	Way  Delivery
	Wish string // «после 18 часов», may be empty
}

// WordForm is the seventh page: code word and consents. Fields: code_word and
// consent_KIND. An empty word keeps the one chosen before.
type WordForm struct {
	CodeWord vault.Hidden
	Consents map[ConsentKind]bool
}

// PageView is one page of the passport as its owner sees it.
type PageView struct {
	Page   Page
	Have   bool
	Scan   scan.Scan // size, sharpness; zero when Have is false
	Retake string    // why it is asked for again: a catalogue key; empty: it is not
	SameAs Page      // the picture looks like that of another page; zero: it does not
}

// View is an application as its owner sees it.
type View struct {
	ID    id.ID
	State State
	Phone phone.Number // prints masked
	Lang  locale.Lang
	Done  map[Step]bool // steps that are whole and right
	Next  Step          // the first step that is not

	Name     NameForm
	Contact  ContactForm
	Passport PassportForm
	Address  AddressForm
	Delivery DeliveryForm
	HasWord  bool
	Consents []Consent // one for each kind, in the order of the page
	Pages    []PageView

	Status Status
	// Ticket opens the status page of this application, and nothing else, on
	// this browser for a month: a value for a cookie.
	Ticket vault.Hidden
	// Client tells that an old client fills it in.
	Client bool
}

// Status is what the public status page tells.
type Status struct {
	ID    id.ID
	State State
	Lang  locale.Lang
	// Promised is by when the next step is made; zero when nothing is promised.
	// Zone is the time zone in which to tell it.
	Promised time.Time
	Zone     *time.Location
	// CallAt is when the person asked to be called back; zero: no wish.
	CallAt time.Time
	// Phrase is what the manager who calls right now will say; empty when
	// nobody is calling.
	Phrase    string
	NoAnswers int
	Retakes   []Retaken
	Reason    string // catalogue key of the refusal's text; empty when not refused
	Submitted time.Time
	Decided   time.Time
	Delivery  Delivery
	Met       bool // the courier has met the person
}

// Retaken is a page that is asked for again.
type Retaken struct {
	Page Page
	Why  string // catalogue key, one of RetakeReasons
	Note string // the manager's own words; may be empty
}

// Actor is the member of staff who acts (staff.Actor satisfies it).
type Actor interface {
	Name() string // «Ирина К.», as clients see it
	// FullName is «Ковалёва Ирина», as watermarks show it: a picture that got
	// out must name one person and no other of the same short name.
	FullName() string
	Ref() string // «staff:st_…», as the audit trail keeps it
}

// Outcome is how a call ended.
type Outcome int16

// The outcomes.
const (
	Reached     Outcome = 1
	NoAnswer    Outcome = 2
	WrongNumber Outcome = 3
	CallBack    Outcome = 4 // at a time the person named
)

// Outcomes lists them in their order.
func Outcomes() []Outcome { return []Outcome{Reached, NoAnswer, WrongNumber, CallBack} }

// Name is the outcome's word for forms and catalogue keys.
func (o Outcome) Name() string {
	return [...]string{"open", "reached", "no_answer", "wrong_number", "call_back"}[min(max(o, 0), CallBack)]
}

// ParseOutcome reads an outcome's word.
func ParseOutcome(name string) (Outcome, bool) {
	for _, o := range Outcomes() {
		if o.Name() == name {
			return o, true
		}
	}
	return 0, false
}

// Call is one call of a manager.
type Call struct {
	ID      id.ID
	By      string // the manager's short name
	Phrase  string // what he says first; the person reads the same on his status page
	Outcome Outcome
	Again   time.Time // call back at; zero
	Note    string
	Begun   time.Time
	Ended   time.Time // zero: under way
}

// QueueFilter narrows the queue.
type QueueFilter struct {
	Mine   bool // only those the actor took
	States []State
	After  id.ID // the last one of the page before; zero: from the first
	Limit  int
}

// QueueRow is one line of the managers' queue: no data of the person but the
// masked name.
type QueueRow struct {
	ID        id.ID
	State     State
	Masked    string // «Анна С.»
	Region    string // «Приморский край»
	LocalTime time.Time
	// Callable tells that it is calling time where the person lives;
	// CallFrom is when it will be next.
	Callable  bool
	CallFrom  time.Time
	Submitted time.Time
	Promised  time.Time
	Late      bool
	NoAnswers int
	TakenBy   string // short name; empty: nobody
	Mine      bool
	Delivery  Delivery
	Client    bool // an old client fills it in
}

// Check is one line of the check list that a manager ticks off.
type Check string

// Dossier is the whole application for the manager who took it.
type Dossier struct {
	QueueRow
	Phone    phone.Number
	Name     NameForm
	Contact  ContactForm
	Passport PassportForm
	Address  AddressForm
	Wish     DeliveryForm
	Pages    []PageView
	Calls    []Call // newest first
	Consents []Consent
	Retakes  []Retaken
	Reason   string
	// Twins counts later attempts with the same passport from other phones;
	// KnownPassport tells that the passport is a client's already.
	Twins         int
	KnownPassport bool
	HasWord       bool
	Warnings      []string // catalogue keys: what the machine noticed
	Decided       time.Time
	Met           bool
	ClientID      client.ID // zero before approval
	ClientUID     string    // «cl_…»
}

// Approval is the answer to Approve.
type Approval struct {
	Client client.ID
	UID    id.ID
	Last4  string
}
