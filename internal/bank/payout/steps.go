package payout

// may tells whether a payout may go from one state to the next. Everything that
// is not here is refused (M12). A reserved one is refused where nothing can have
// left: its way was shut.
func may(from, to State) bool {
	switch from {
	case Reserved:
		return to == Sent || to == Refused
	case Sent:
		return to == Unknown || to == Done || to == Refused
	case Unknown:
		return to == Done || to == Refused
	case Done:
		return to == Returned
	}
	return false
}
