// Package paper asks a client for what the contact centre needs before his data
// may change: pages of his passport photographed anew, and his own signed word.
//
// A call and a code word begin a change, and a second member of staff ends it;
// in between stands the client, in his own session. He reads what is to change,
// sends the pages that show it by the rules of the questionnaire, and confirms
// the whole as one order: the text names every new value and the print of every
// picture. Only then may the second pair of eyes approve, and it sees exactly
// those pictures: what was sent is not replaced any more.
//
// The room stands beside the room of staff and is its staff.Word.
package paper

import (
	"encoding/hex"
	"time"

	"rocketbank/internal/bank/application"
	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/order"
	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/id"
)

// The refusals.
var (
	ErrNone   = fault.New(fault.Missing, "paper.none")     // nothing is asked of this client
	ErrPages  = fault.New(fault.Invalid, "paper.pages")    // a page is still missing
	ErrOther  = fault.New(fault.Conflict, "paper.changed") // the page is old: something else is asked by now
	ErrDenied = fault.New(fault.Refused, "paper.denied")   // for staff: the client said «Это не я»
	ErrWaits  = fault.New(fault.Refused, "paper.waits")    // for staff: the client has not confirmed yet
)

// State tells how a request stands.
type State int16

// The states.
const (
	Asked   State = 1 // it waits for the client
	Given   State = 2 // he sent and signed; it waits for the second pair of eyes
	Done    State = 3 // his data have changed
	Dropped State = 4 // they have not
)

// Request is what a client is asked for. Its identifier is the proposal's.
type Request struct {
	ID      id.ID
	Client  client.ID
	State   State
	Pages   []application.PageView // those that are needed, sent or not
	Asked   time.Time
	Changed time.Time

	who    id.ID             // the client outside
	order  id.ID             // the order that confirms it
	wish   map[string]string // what is to change
	prints map[application.Page][]byte
}

// Whole tells whether every page that is needed is there.
func (r Request) Whole() bool {
	for _, p := range r.Pages {
		if !p.Have {
			return false
		}
	}
	return true
}

// facts are the data that can change, as an order calls them, and the page of
// the passport that shows each; 0: none does.
func facts() []fact {
	main, registration := application.PageMain, application.PageRegistration
	return []fact{
		{"last", "family name", main}, {"first", "given name", main}, {"middle", "middle name", main},
		{"series", "passport series", main}, {"number", "passport number", main}, {"department", "passport office", main},
		{"issued_by", "issued by", main}, {"issued_on", "issued on", main}, {"birth_place", "birth place", main},
		{"post_code", "postal code", registration}, {"region", "region", registration}, {"city", "city", registration},
		{"street", "street", registration}, {"house", "house", registration}, {"flat", "flat", registration},
		{"email", "mail", 0},
	}
}

type fact struct {
	field, line string
	page        application.Page
}

// needed lists the pages that a change has to be shown by.
func needed(wish map[string]string) (out []application.Page) {
	for _, p := range application.Pages() {
		for _, f := range facts() {
			if f.page == p && wish[f.field] != "" {
				out = append(out, p)
				break
			}
		}
	}
	return out
}

// Order is what the client confirms. It follows from what stands in the
// database, so that the text that was shown and the one that is checked are the
// same as long as no other picture came in between.
func (r Request) Order() order.Document {
	var lines []order.Line
	for _, f := range facts() {
		if value := r.wish[f.field]; value != "" {
			lines = append(lines, order.Say(f.line, value))
		}
	}
	for _, p := range r.Pages {
		if print := r.prints[p.Page]; print != nil {
			name := map[application.Page]string{application.PageMain: "photo of main page", application.PageRegistration: "photo of registration"}[p.Page]
			lines = append(lines, order.Line{Name: name, Value: "sha256 " + hex.EncodeToString(print)})
		}
	}
	return order.Compose(order.Head{ID: r.order, Kind: order.PersonalData, Who: r.who, When: r.Asked}, lines...)
}
