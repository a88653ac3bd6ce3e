package cabinet

import (
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/door/ui"
)

// CardsView is GET /cards.
type CardsView struct {
	ui.Page
	Cards  []CardRow
	Dead   []CardRow // closed and blocked, folded away
	Shared bool      // several of them draw on one account
}

// CardRow is a card of the list.
type CardRow struct {
	Card  ui.Card
	State string // «Работает», ready to read
	Main  bool
}

// CardView is GET /cards/{id}, and POST …/freeze and …/look when they were
// refused.
//
// Form fields of freeze: state (frozen, active). Of look: name, art (night,
// flame, mint), main.
type CardView struct {
	ui.Page
	Card     ui.Card
	Main     bool
	Status   card.State
	State    string // in words
	Holder   string // «ANNA SOKOLOVA»
	FirstSix string // shown as «5500 00•• •••• 4821»; may be empty
	Expires  string // «11/30»
	Over     bool   // that day has passed
	Dynamic  bool   // its CVC changes
	FrozenBy card.By
	FrozenAt time.Time
	Until    time.Time // of a pause
	Ended    time.Time // of a dead card
	Heir     ui.Card   // what took its place; no Href: nothing
	Delivery *Delivery // plastic on its way
	PINSet   bool
	// PINBlocked: it was wrong three times.
	PINBlocked bool
	// Name and Art are as typed once Looks opens their form.
	Name, Art  string
	Looks      bool
	Operations []ui.Operation
}

// Delivery is how far plastic has come.
type Delivery struct {
	Steps   []DeliveryStep
	Address string
	Wish    string
	InHands bool // handed over and not activated yet
}

// DeliveryStep is one step of it, done or not.
type DeliveryStep struct {
	What string
	At   time.Time // zero: not yet
	Done bool
	Next bool // what is waited for
}

// NewCardView is GET and POST /cards/new.
//
// Form fields: kind (virtual, plastic), key, name, art; of a virtual card use
// (any, one_shot, merchant), merchant, ceiling, dynamic; of plastic address, wish.
type NewCardView struct {
	ui.Page
	Plastic       bool
	Key           string // the same page sent twice makes one card
	Name, Art     string
	Use, Merchant string
	Ceiling       string
	Dynamic       bool
	Address, Wish string
}

// RequisitesView is GET and POST /cards/{id}/requisites.
//
// Form fields: a fresh proof; cvc (moves, stays) sets whether it changes.
type RequisitesView struct {
	ui.Page
	Card     ui.Card
	Virtual  bool
	Dynamic  bool
	Passkeys bool
	Never    string // why there is nothing to show
	// Number and the rest are there in the one answer that shows them.
	Number, Expires, CVC, Holder string
	CVCUntil                     time.Time
}

// PINView is GET and POST /cards/{id}/pin.
//
// Form fields: a fresh proof with pin and repeat, or with ask=unblock.
type PINView struct {
	ui.Page
	Card     ui.Card
	Set      bool
	Blocked  bool
	Unblock  bool
	Passkeys bool
	Never    string
}

// ActivateView is GET and POST /cards/{id}/activate; the form brings a fresh proof.
type ActivateView struct {
	ui.Page
	Card     ui.Card
	Passkeys bool
	Never    string
}

// SuspendView is GET and POST /cards/{id}/suspend.
//
// Form fields: until or offer (a day), or resume=1.
type SuspendView struct {
	ui.Page
	Card        ui.Card
	Until       time.Time // it is paused until then; zero: it is not
	First, Last time.Time // what may be chosen
	Offers      []DayOffer
	Typed       string
	Fails       []string // merchants that charge by themselves
	Never       string
}

// DayOffer is a day that one tap chooses.
type DayOffer struct{ Value, Text string }

// ReissueView is GET and POST /cards/{id}/reissue.
//
// Form fields: key, why (lost, stolen, leaked, worn); of plastic address, wish.
type ReissueView struct {
	ui.Page
	Card          ui.Card
	Plastic       bool
	Key           string
	Why           string
	Address, Wish string
	Fails         []string
	Never         string
}

// CloseView is GET and POST /cards/{id}/close; sure=1 closes.
type CloseView struct {
	ui.Page
	Card     ui.Card
	Last     bool // no other card would be left
	CanPause bool
	Fails    []string
	Never    string
}
