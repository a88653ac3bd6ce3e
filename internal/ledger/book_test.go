package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"rocketbank/internal/base/fault"
	"rocketbank/internal/base/money"
)

func rulePostMovesMoneyOnce(h *house) {
	t := h.T
	a, b := h.account(1, 100_00), h.account(2, 0)
	tr := transfer(1, a, b, 100_00)
	first := h.post(tr)
	if first.Refused() || first.Replay || len(first.After) != 2 || first.After[0].Posted != money.Rub(0) || first.After[0].Seq != 2 {
		t.Errorf("first: %+v", first)
	}
	// Funds are gone now: a replay judged by them would be refused.
	again := h.post(tr)
	again.Replay = false
	if fmt.Sprint(again) != fmt.Sprint(first) {
		t.Errorf("replay answers\n%+v, first was\n%+v", again, first)
	}
	other := tr
	other.Legs = move(a, b, 1)
	if _, err := h.book.Post(context.Background(), other); !errors.Is(err, ErrOtherPrint) || fault.CodeOf(err) != fault.Conflict {
		t.Errorf("same key, other content: %v", err)
	}
	poor := transfer(1, a, b, 1)
	r := h.post(poor)
	if r.Reason != InsufficientFunds || r.Missing != money.Rub(1) {
		t.Errorf("poor: %+v", r)
	}
	h.post(transfer(2, b, a, 50_00))
	if r := h.post(poor); r.Reason != InsufficientFunds || !r.Replay || r.Missing != money.Rub(1) {
		t.Errorf("a refusal was forgotten after a top-up: %+v", r)
	}
	h.balance(a, 50_00, 0)
	h.balance(b, 50_00, 0)
}

func ruleManyCallersShareCommits(h *house) {
	t := h.T
	var acc []AccountID
	for i := range 10 {
		acc = append(acc, h.account(int64(i+1), 1000_00))
	}
	var wg sync.WaitGroup
	for c := range 64 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 10 {
				from, to := (c+i)%10, (c+i+1+c%7)%10
				if from == to {
					continue
				}
				if _, err := h.book.Post(context.Background(), transfer(int64(from+1), acc[from], acc[to], 1+int64(i))); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wg.Wait()
	sum := int64(0)
	for _, a := range acc {
		sum += h.at(a).Posted.Minor
	}
	if sum != 10*1000_00 {
		t.Errorf("sum %d", sum)
	}
}
