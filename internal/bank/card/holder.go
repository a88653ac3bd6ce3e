package card

import (
	"strings"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/ledger"
)

// Ours tells whether a number lies in the range that we issue, be there such a
// card or not.
func (s *Service) Ours(pan string) bool { return strings.HasPrefix(pan, s.bin) }

// Holder tells whose a card is and which account it stands for, for money that
// somebody sends to its number. A card that is closed, blocked for ever or past
// its date answers ErrMissing like one that never was; a frozen one takes money.
// Whoever lets people ask has to count their questions.
func (s *Service) Holder(pan string) (client.ID, ledger.AccountID, error) {
	f, err := s.ByNumber(pan)
	if err != nil {
		return 0, 0, err
	}
	if f.State.Dead() || f.Over(s.db.Now()) {
		return 0, 0, ErrMissing
	}
	return f.Client, f.Account, nil
}
