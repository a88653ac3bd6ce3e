package app

import (
	"context"
	"fmt"

	"rocketbank/internal/bank/friend"
	"rocketbank/internal/base/phone"
)

// notClient is somebody of whom no example person knows more than his number.
var notClient = friend.Person{Name: "Илья, ремонт", Phone: phone.Number("+79165550277")}

// befriend writes everybody into everybody's contact book, the next one as a
// favourite. All but Timur agree to be found.
func (s *seeder) befriend(ctx context.Context) error {
	for i := range s.people {
		who := s.clientOf(i)
		for j, other := range s.people {
			if i == j {
				continue
			}
			p := friend.Person{Name: exampleCast[j].first, Phone: other.number, Favourite: j == (i+1)%len(s.people)}
			if _, err := s.bank.friends.Add(ctx, who, p); err != nil {
				return fmt.Errorf("friends of %s: %w", s.people[i].Name, err)
			}
		}
		if _, err := s.bank.friends.SetDiscovery(ctx, who, i != timur); err != nil {
			return err
		}
	}
	_, err := s.bank.friends.Add(ctx, s.clientOf(anya), notClient)
	return err
}
