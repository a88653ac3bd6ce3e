package access

import (
	"context"
)

// First is what somebody types at his first login after his card was approved.
type First struct {
	CodeWord string
	Passcode string
	Repeat   string
}

// FirstLogin sets the passcode of a client who has none yet, makes the device
// known and opens his first session. The flow is AtNewPasscode; a code from a
// SMS is not enough (A09), so the code word of the application is asked too.
// Said again on a finished flow it logs the same device in.
func (s *Service) FirstLogin(ctx context.Context, flowToken string, f First, from Visitor) (Entry, error) {
	return Entry{}, ErrStep
}
