package api

import (
	"testing"

	"rocketbank/internal/bank/operation"
	"rocketbank/internal/bank/topup"
)

// A top-up names the other bank's card the way the feed keeps it: first six, last four.
func TestTopUpNamesTheOtherCard(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"2200000000000046", "220000000000000046", "2200000000000000046"} {
		o := operation.Operation{Kind: operation.TopUp, Details: operation.Details{Card: topup.Card{Number: number}.Masked()}}
		if got := shownOperation(o).Card; got != "220000******0046" {
			t.Errorf("%d digits: %q", len(number), got)
		}
	}
	if got := shownOperation(operation.Operation{Kind: operation.TransferIn}).Card; got != "" {
		t.Errorf("no card: %q", got)
	}
}
