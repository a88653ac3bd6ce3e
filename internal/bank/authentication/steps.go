package authentication

import "fmt"

// may tells whether an authentication may go from one state to the next.
// Everything that is not here is refused (M12).
//
// A challenge may be decided before the browser came, because it never does or
// because it comes with something broken; one apart from the shop begins
// Challenged.
func may(from, to State) bool {
	switch from {
	case Awaited:
		return to == Challenged || to == Decided
	case Challenged:
		return to == Decided
	case Decided:
		return to == Telling
	case Telling:
		return to == Closed
	}
	return false
}

// errStep is a broken invariant: a step that the machine does not have.
type errStep struct{ from, to State }

func (e errStep) Error() string {
	return fmt.Sprintf("authentication: no step from %s to %s", e.from, e.to)
}
