package cabinet

import (
	"time"

	"rocketbank/internal/door/ui"
)

// QuestPage names a page of the questionnaire.
type QuestPage string

// The pages, in their order. The check is no step of its own: it ends them.
const (
	QuestPhone    QuestPage = "phone"
	QuestPerson   QuestPage = "person"
	QuestPassport QuestPage = "passport"
	QuestAddress  QuestPage = "address"
	QuestScans    QuestPage = "scans"
	QuestWord     QuestPage = "word"
	QuestCheck    QuestPage = "check"
)

func questPages() []QuestPage {
	return []QuestPage{QuestPhone, QuestPerson, QuestPassport, QuestAddress, QuestScans, QuestWord}
}

// Href is the page's address.
func (q QuestPage) Href() string {
	if q == QuestPhone {
		return "/order"
	}
	return "/order/" + string(q)
}

// QuestView is what the pages of the questionnaire share.
type QuestView struct {
	ui.Page
	At     QuestPage
	Done   map[QuestPage]bool
	Old    bool   // a client of the old way fills it in, inside his session
	Resume bool   // has just come back to a form begun earlier
	Born   string // the birth date as typed, for the rules of the passport
}

// PersonView is GET and POST /order/person.
//
// Form fields: last, first, middle, birth_date, email.
type PersonView struct {
	QuestView
	Typed Typed
}

// PassportView is GET and POST /order/passport.
//
// Form fields: series, number, department, issued_on, issued_by, birth_place.
type PassportView struct {
	QuestView
	Typed Typed
}

// AddressView is GET and POST /order/address.
//
// Form fields: post_code, region, city, street, house, flat, way, wish.
type AddressView struct {
	QuestView
	Typed   Typed
	Regions []ui.Choice
}

// ScansView is GET and POST /order/scans. Each page of the passport has a form
// of its own, so that an upload works without scripts.
//
// Form fields (multipart): page, file. The small form below them posts done=1.
type ScansView struct {
	QuestView
	Shots []Shot
	// Retaking is set when the manager asked for pages again: the last button
	// sends the application.
	Retaking bool
}

// Shot is one page of the passport that is photographed.
type Shot struct {
	Page    string // name for forms and texts: "main"
	Thumb   string // address of the small picture; empty: nothing there yet
	Trouble string // what is odd about the picture: blurred, too small, the same as another
	Ask     string // why the manager asks for it again
	Problem string // why the last upload was refused
	Kept    bool   // accepted: it is shown, and no other is asked for
}

// WordView is GET and POST /order/word.
//
// Form fields: code_word, consent_KIND each.
type WordView struct {
	QuestView
	Have     bool // a word is chosen: an empty field keeps it
	Consents []Consent
}

// Consent is one consent as it is asked for.
type Consent struct {
	Kind    string
	Text    string
	Version time.Time // of the text
	Needed  bool
	Given   bool
}

// CheckView is GET /order/check; it posts to /order/submit.
type CheckView struct {
	QuestView
	Parts []CheckPart
	Ready bool
}

// CheckPart is what one page of the questionnaire says.
type CheckPart struct {
	At    QuestPage
	Facts []Fact
	Ready bool
}

// Fact is a word and its value; an empty value is left out.
type Fact struct{ Label, Value string }

// StatusView is GET /order/status: how the application stands.
type StatusView struct {
	ui.Page
	ID        string
	State     string // draft, submitted, call_due, retake, approved, refused, withdrawn
	Promised  time.Time
	CallAt    time.Time
	Zone      *time.Location
	Phrase    string // what the manager who calls says first; empty: nobody calls
	NoAnswers int
	Retakes   []Shot
	Reason    string
	Submitted time.Time
	Courier   bool
	Met       bool
	Old       bool // a client of the old way
	MayLeave  bool // it can be withdrawn
}

// WithdrawView is GET /order/withdraw.
type WithdrawView struct{ ui.Page }

// FirstLoginView is GET and POST /order/passcode: the first login of a client
// who was taken on.
//
// Form fields: code_word, passcode, repeat. None is ever echoed.
type FirstLoginView struct {
	ui.Page
	Flow string // «fl_…»: what the browser's new key signs
}

// Typed is what stands in the fields of a form.
type Typed map[string]string
