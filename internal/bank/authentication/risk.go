package authentication

import (
	"slices"
	"strings"
	"time"

	"rocketbank/internal/bank/card"
	"rocketbank/internal/base/clock"
	"rocketbank/internal/base/money"
	"rocketbank/internal/rail/threeds"
)

// facts is everything that a decision is made of.
type facts struct {
	ask   threeds.AReq
	known bool // the card is ours
	face  card.Face
	sum   Sum
	sane  bool // the sum is one
	now   time.Time

	knownShop    bool  // the holder confirmed a purchase of this card there
	knownBrowser bool  // … or from this browser
	hour, day    int64 // questions about the card
	free         int64 // passed without asking since he was last asked
	paused       bool  // too many wrong codes lately
	device       []byte
}

// verdict is what the bank answers.
type verdict struct {
	status threeds.Status
	reason threeds.Reason
	score  int
	signs  []Sign
}

func no(status threeds.Status, reason threeds.Reason) verdict {
	return verdict{status: status, reason: reason}
}

// decide answers a question. It asks nobody: what it says depends on the facts
// and the rules alone. First comes what no score can heal, then what only the
// holder can say, then the score.
func (r Rules) decide(f facts) verdict {
	if v := standing(f); v.status != "" {
		return v
	}
	if v := r.shut(f); v.status != "" {
		return v
	}
	v := r.score(f)
	a := f.ask
	switch {
	case a.Channel == threeds.ChannelApp:
		v.status, v.reason = threeds.Unavailable, threeds.UnsupportedDevice
	case v.score >= r.RejectFrom:
		v.status, v.reason = threeds.Rejected, threeds.SuspectedFraud
	case a.Channel == threeds.Channel3RI:
		r.unattended(f, &v)
	case a.ChallengeInd == threeds.NoChallengeDataOnly:
		v.status = threeds.Informational
	case f.paused:
		v.status, v.reason = threeds.Denied, threeds.FrequencyExceeded
	case mustAsk(a) || v.score >= r.ChallengeFrom:
		v.status = threeds.Challenge
	default:
		v.status = threeds.Authenticated
	}
	return v
}

// standing tells whether the card can pay in the internet at all.
func standing(f facts) verdict {
	if !f.known {
		return no(threeds.Denied, threeds.NoCardRecord)
	}
	switch f.face.Status {
	case card.Active:
	case card.Frozen, card.Suspended:
		return no(threeds.Denied, threeds.NotPermitted)
	case card.NotActivated:
		return no(threeds.Denied, threeds.NotEnrolled)
	case card.Blocked:
		switch f.face.Why {
		case card.Stolen, card.Lost:
			return no(threeds.Rejected, threeds.StolenCard)
		case card.Fraud, card.Leaked:
			return no(threeds.Rejected, threeds.SuspectedFraud)
		}
		return no(threeds.Denied, threeds.NoCardRecord)
	default:
		return no(threeds.Denied, threeds.NoCardRecord)
	}
	if f.face.Over(f.now) || f.ask.CardExpiryDate != "" && f.ask.CardExpiryDate != f.face.Expires {
		return no(threeds.Denied, threeds.ExpiredCard)
	}
	if f.ask.Category == threeds.Payment && !f.sane {
		return no(threeds.Denied, threeds.InvalidTransaction)
	}
	o := card.Attempt{
		Channel: card.Ecommerce, Home: f.ask.MerchantCountryCode == "" || f.ask.MerchantCountryCode == home, Country: f.ask.MerchantCountryCode,
		MCC: f.ask.MCC, Merchant: f.ask.MerchantName, Amount: money.Rub(0),
	}
	if f.sum.Cur == money.RUB {
		// What another currency will cost is the host's to find out.
		o.Amount = f.sum.Amount
	}
	if _, shut := f.face.Rules.Refuse(o); shut {
		return no(threeds.Denied, threeds.NotPermitted)
	}
	return verdict{}
}

// home is the bank's country (ISO 3166-1 numeric).
const home = "643"

// shut refuses whom the bank has nothing to do with.
func (r Rules) shut(f facts) verdict {
	if slices.Contains(r.ShutCountries, f.ask.MerchantCountryCode) || slices.Contains(r.ShutShops, f.ask.AcquirerBIN+"|"+f.ask.AcquirerMerchantID) {
		return no(threeds.Rejected, threeds.SuspectedFraud)
	}
	return verdict{}
}

// unattended answers a shop that comes by itself: for the next of payments that
// the holder agreed to there, or by asking him apart from the shop.
func (r Rules) unattended(f facts, v *verdict) {
	agreed := f.ask.ThreeRIInd == threeds.RecurringTransaction || f.ask.ThreeRIInd == threeds.InstalmentTransaction
	switch {
	case agreed && f.knownShop && v.score < r.ChallengeFrom:
		v.status = threeds.Authenticated
	case f.ask.DecoupledMinutes() > 0 && f.paused:
		v.status, v.reason = threeds.Denied, threeds.FrequencyExceeded
	case f.ask.DecoupledMinutes() > 0:
		v.status = threeds.Decoupled
	default:
		v.status, v.reason = threeds.Denied, threeds.ThreeRIUnsupported
	}
}

// mustAsk tells a question that only the holder can answer.
func mustAsk(a threeds.AReq) bool {
	switch a.AuthenticationInd {
	case threeds.ForAddCard, threeds.ForMaintainCard:
		return true
	}
	return a.ChallengeInd == threeds.ChallengeMandated || a.Category == threeds.NonPayment
}

// score weighs the signs.
func (r Rules) score(f facts) verdict {
	var v verdict
	see := func(seen bool, s Sign) {
		if points := r.Points[s]; seen && points != 0 {
			v.score += points
			v.signs = append(v.signs, s)
		}
	}
	see(!f.knownShop, NewShop)
	see(!f.knownBrowser && f.ask.Channel == threeds.ChannelBrowser, NewBrowser)
	see(f.sum.Cur == money.RUB && f.sum.Minor > r.Large, Large)
	see(f.sum.Cur == money.RUB && f.sum.Minor > r.Huge, Huge)
	// How much another currency is, this room does not know: it counts as much.
	see(f.sum.Cur != 0 && f.sum.Cur != money.RUB, Large)
	see(f.sum.Cur != 0 && f.sum.Cur != money.RUB, OtherCurrency)
	see(f.hour >= r.HastyHour, Hasty)
	see(f.day >= r.FloodDay, Flood)
	see(f.free >= r.FreeInRow, ManyFree)
	see(f.ask.MerchantCountryCode != "" && f.ask.MerchantCountryCode != home, Abroad)
	see(slices.Contains(r.Risky, card.GroupOf(f.ask.MCC)), RiskyTrade)
	see(f.now.In(clock.Moscow).Hour() < 6, AtNight)
	switch f.ask.ChallengeInd {
	case threeds.NoChallenge, threeds.NoChallengeRiskDone, threeds.NoChallengeStrongDone, threeds.NoChallengeWhitelisted:
		see(true, ShopTrusts)
	case threeds.ChallengeRequested, threeds.ChallengeAndWhitelist:
		see(true, ShopDoubts)
	}
	return v
}

// signsText is how signs are stored: «new_shop,large».
func signsText(signs []Sign) string {
	words := make([]string, len(signs))
	for i, s := range signs {
		words[i] = string(s)
	}
	return strings.Join(words, ",")
}
