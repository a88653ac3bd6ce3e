package topup

// may tells whether a top-up may go from one state to the next. Everything that
// is not here is refused (M12).
//
//	created → reserved → sent ⇄ action, unknown → done | refused
//
// Two edges are less obvious. A created or reserved top-up whose process died
// is refused: the security code is gone with it and nothing was sent. A refused
// one becomes unknown again only when we had given it up (gaveUp) and the
// acquirer turns out to have taken the money after all.
func may(from, to State, gaveUp bool) bool {
	switch from {
	case Created:
		return to == Reserved || to == Refused
	case Reserved:
		return to == Sent || to == Refused
	case Sent:
		return to == Action || to == Unknown || to == Done || to == Refused
	case Action:
		return to == Sent || to == Unknown || to == Done || to == Refused
	case Unknown:
		return to == Sent || to == Action || to == Done || to == Refused
	case Refused:
		return to == Unknown && gaveUp
	}
	return false
}

// Reasons that are ours and not the acquirer's.
const (
	reasonLimit       = "limit"       // the day's limit was passed
	reasonPrice       = "price"       // the month's free part went elsewhere
	reasonNotSent     = "not_sent"    // no connection to the acquirer
	reasonInterrupted = "interrupted" // our process died before the acquirer got it
)

// gaveUp tells that we closed the top-up without the acquirer's word.
func gaveUp(reason string) bool { return reason == reasonNotSent || reason == reasonInterrupted }

// foreign is the acquirer's word for a refusal as it is kept. Ours decide which
// steps follow, so no acquirer may say them.
func foreign(reason string) string {
	switch reason {
	case reasonLimit, reasonPrice, reasonNotSent, reasonInterrupted:
		return "declined"
	}
	return reason
}
