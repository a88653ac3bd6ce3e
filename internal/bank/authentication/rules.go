package authentication

import (
	"maps"
	"time"

	"rocketbank/internal/bank/card"
)

// Sign is something about a purchase that speaks for or against its being the
// holder's. The words are stored and never change.
type Sign string

// The signs.
const (
	NewShop       Sign = "new_shop"       // the holder never confirmed a purchase of this card there
	NewBrowser    Sign = "new_browser"    // he never confirmed one from this browser
	Large         Sign = "large"          // above Rules.Large
	Huge          Sign = "huge"           // above Rules.Huge
	Hasty         Sign = "hasty"          // many questions within an hour
	Flood         Sign = "flood"          // … within a day
	ManyFree      Sign = "many_free"      // many passed without asking since he was last asked
	Abroad        Sign = "abroad"         // the shop is
	OtherCurrency Sign = "other_currency" // not roubles
	RiskyTrade    Sign = "risky_trade"    // of the groups in Rules.Risky
	AtNight       Sign = "at_night"       // in Moscow
	ShopTrusts    Sign = "shop_trusts"    // the shop would rather have no challenge
	ShopDoubts    Sign = "shop_doubts"    // the shop asks for one
)

// Rules are what the bank decides by. Zero values take the usual ones.
type Rules struct {
	// Points is what each sign weighs; a sign that is not named weighs nothing.
	Points map[Sign]int
	// ChallengeFrom and RejectFrom are the sums of points from which the holder
	// is asked, and from which nobody is.
	ChallengeFrom, RejectFrom int
	Large, Huge               int64 // kopecks
	HastyHour, FloodDay       int64 // questions
	FreeInRow                 int64 // passed without asking
	Risky                     []card.Group
	// Shut are shops that are refused whatever they ask for: the country (ISO
	// numeric), or acquirerBIN|acquirerMerchantID.
	ShutCountries, ShutShops []string
	// Tolerance is how much above the authenticated sum a shop of a group may
	// authorise, in percent.
	Tolerance map[card.Group]int64

	CodeTTL     time.Duration // 5 min
	ResendAfter time.Duration // 120 s
	Sends       int64         // codes per challenge: 3
	Tries       int64         // wrong codes per challenge: 5
	// CardTries is how many wrong codes of one card within CardPause, over all
	// its purchases, shut challenges for it.
	CardTries int64         // 10
	CardPause time.Duration // 24 h

	FirstCReq   time.Duration // the browser has to come within this: 30 s
	Grace       time.Duration // … and is taken until this much later: 30 s
	Idle        time.Duration // 10 min
	Longest     time.Duration // a challenge altogether: 30 min
	ResultTries int64         // how often the directory is told: 6
	ValueAge    time.Duration // an authentication value is good for: 90 days
}

// usual are the bank's own rules. A known shop on a known browser passes up to
// 15,000 ₽; a new shop or browser alone passes small sums; both together, or
// much money, do not.
func usual() Rules {
	day := 24 * time.Hour
	return Rules{
		Points: map[Sign]int{
			NewShop: 20, NewBrowser: 20, Large: 30, Huge: 20, Hasty: 30, Flood: 60, ManyFree: 30, Abroad: 10,
			OtherCurrency: 10, RiskyTrade: 30, AtNight: 5, ShopTrusts: -5, ShopDoubts: 40,
		},
		ChallengeFrom: 30, RejectFrom: 150,
		Large: 15_000_00, Huge: 100_000_00, HastyHour: 5, FloodDay: 20, FreeInRow: 5,
		Risky:     []card.Group{card.Gambling, card.Transfers},
		Tolerance: map[card.Group]int64{card.Restaurants: 20, card.Travel: 15},
		CodeTTL:   5 * time.Minute, ResendAfter: 120 * time.Second, Sends: 3, Tries: 5, CardTries: 10, CardPause: day,
		FirstCReq: 30 * time.Second, Grace: 30 * time.Second, Idle: 10 * time.Minute, Longest: 30 * time.Minute,
		ResultTries: 6, ValueAge: 90 * day,
	}
}

// orUsual fills what is not said.
func (r Rules) orUsual() Rules {
	u := usual()
	if r.Points == nil {
		r.Points = u.Points
	}
	r.Points = maps.Clone(r.Points)
	if r.Risky == nil {
		r.Risky = u.Risky
	}
	if r.Tolerance == nil {
		r.Tolerance = u.Tolerance
	}
	or(&r.ChallengeFrom, u.ChallengeFrom)
	or(&r.RejectFrom, u.RejectFrom)
	for _, n := range []struct {
		to   *int64
		from int64
	}{
		{&r.Large, u.Large}, {&r.Huge, u.Huge}, {&r.HastyHour, u.HastyHour}, {&r.FloodDay, u.FloodDay}, {&r.FreeInRow, u.FreeInRow},
		{&r.Sends, u.Sends}, {&r.Tries, u.Tries}, {&r.CardTries, u.CardTries}, {&r.ResultTries, u.ResultTries},
	} {
		or(n.to, n.from)
	}
	for _, t := range []struct {
		to   *time.Duration
		from time.Duration
	}{
		{&r.CodeTTL, u.CodeTTL}, {&r.ResendAfter, u.ResendAfter}, {&r.CardPause, u.CardPause}, {&r.FirstCReq, u.FirstCReq},
		{&r.Grace, u.Grace}, {&r.Idle, u.Idle}, {&r.Longest, u.Longest}, {&r.ValueAge, u.ValueAge},
	} {
		or(t.to, t.from)
	}
	return r
}

func or[T comparable](to *T, from T) {
	var zero T
	if *to == zero {
		*to = from
	}
}
