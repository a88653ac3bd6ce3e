package ledger

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"rocketbank/internal/base/money"
)

// The rows of transactions are read back as they were written, and a damaged
// one is told as damaged: nothing in it makes the book reserve more memory than
// the row has bytes.
func FuzzDecodeLegs(f *testing.F) {
	some := []legRecord{
		{account: 64_064, seq: 7, amount: -12_345, cur: money.RUB, balance: 1},
		{account: math.MaxInt64, seq: math.MaxInt64, amount: math.MinInt64, cur: math.MinInt16, balance: math.MaxInt64},
	}
	whole := encodeLegs(some)
	for _, b := range [][]byte{nil, whole, whole[:len(whole)-1], append(bytes.Clone(whole), 0), {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, {0}, {1}, bytes.Repeat([]byte{0x80}, 20)} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		legs, err := decodeLegs(b)
		if err != nil {
			return
		}
		if len(legs) > len(b) {
			t.Errorf("%d legs in %d bytes", len(legs), len(b))
		}
		again, err := decodeLegs(encodeLegs(legs))
		if err != nil || !slices.Equal(again, legs) {
			t.Errorf("%x: %v, then %v %v", b, legs, again, err)
		}
	})
}

// The same of the changes of limit counters.
func FuzzDecodeGuards(f *testing.F) {
	whole := encodeGuards([]guardRecord{{guardKey{1001, 5, 20_780}, 100}, {guardKey{math.MinInt64, math.MinInt16, math.MaxInt64}, math.MinInt64}})
	for _, b := range [][]byte{nil, whole, whole[:len(whole)-1], append(bytes.Clone(whole), 0), {0xff, 0xff, 0xff, 0xff, 0x0f}, {0}, {1}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		guards, err := decodeGuards(b)
		if err != nil {
			return
		}
		if len(guards) > len(b) {
			t.Errorf("%d guards in %d bytes", len(guards), len(b))
		}
		again, err := decodeGuards(encodeGuards(guards))
		if err != nil || !slices.Equal(again, guards) {
			t.Errorf("%x: %v, then %v %v", b, guards, again, err)
		}
	})
}
