// Package tariff keeps the bank's prices as data and works a fee out of them.
//
// A price is a share in parts per million, a least sum and a sum from which it
// is free; nothing else about a fee is written in code. The one rounding rule
// is half a kopeck up, named where the share is taken.
package tariff

import (
	"fmt"

	"rocketbank/internal/base/money"
)

// Fee is the price of one kind of operation. The zero Fee is free.
type Fee struct {
	PPM      int64        // share of the sum, in parts per million: 10 000 is 1 %
	Min      money.Amount // never less than this, when it is not free
	FreeFrom money.Amount // from this sum on it costs nothing; zero: never free
}

// Of gives the fee for a positive sum.
func (f Fee) Of(sum money.Amount) (money.Amount, error) {
	free := money.Amount{Cur: sum.Cur}
	if f.PPM == 0 && f.Min.IsZero() {
		return free, nil
	}
	if f.FreeFrom.Positive() {
		below, err := sum.Less(f.FreeFrom)
		if err != nil {
			return money.Amount{}, fmt.Errorf("fee: %w", err)
		}
		if !below {
			return free, nil
		}
	}
	share, err := sum.PPM(f.PPM, money.HalfUp)
	if err != nil {
		return money.Amount{}, fmt.Errorf("fee: %w", err)
	}
	if f.Min.IsZero() {
		return share, nil
	}
	less, err := share.Less(f.Min)
	if err != nil {
		return money.Amount{}, fmt.Errorf("fee: %w", err)
	}
	if less {
		return f.Min, nil
	}
	return share, nil
}

// Tariff is the price list.
type Tariff struct {
	TopUp  Fee // from another bank's card, of the sum that is credited
	Friend Fee // to another client
}

// Standard is the price list of the house: top-ups are free from 3 000 ₽ and
// cost 1 %, at least 30 ₽, below that; friends pay nothing.
func Standard() Tariff {
	return Tariff{
		TopUp: Fee{PPM: 10_000, Min: money.Rub(30_00), FreeFrom: money.Rub(3_000_00)},
	}
}
