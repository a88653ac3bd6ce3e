package transfer

import (
	"testing"

	"pgregory.net/rapid"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/token"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

// What is packed is unpacked; a body that is cut short or too long is refused.
func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64()
		q := quoteBody{
			ID: id.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id")), From: ledger.AccountID(n.Draw(t, "from")),
			To: payeeBody{
				Client: client.ID(n.Draw(t, "client")), Account: ledger.AccountID(n.Draw(t, "account")), Name: rapid.String().Draw(t, "name"),
				Phone: rapid.String().Draw(t, "phone"), Payer: rapid.String().Draw(t, "payer"),
				PayerUID: id.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uid")), Until: n.Draw(t, "until"),
			},
			Amount: n.Draw(t, "amount"), Fee: n.Draw(t, "fee"), Tariff: n.Draw(t, "tariff"), Rule: int(n.Draw(t, "rule")), Free: n.Draw(t, "free"), Cur: money.RUB, Made: n.Draw(t, "made"),
		}
		var p token.Packer
		q.Pack(&p)
		var got quoteBody
		u := token.NewUnpacker(p)
		if got.Unpack(u); !u.Done() || got != q {
			t.Fatalf("%+v became %+v", q, got)
		}
		for _, wrong := range [][]byte{p[:rapid.IntRange(0, len(p)-1).Draw(t, "cut")], append(p[:len(p):len(p)], 0)} {
			u := token.NewUnpacker(wrong)
			if new(quoteBody).Unpack(u); u.Done() {
				t.Fatalf("%d of %d bytes were accepted", len(wrong), len(p))
			}
		}
	})
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("\x02\x04\x01a"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var q quoteBody
		u := token.NewUnpacker(raw)
		if q.Unpack(u); !u.Done() {
			return
		}
		var p token.Packer
		q.Pack(&p)
		var again quoteBody
		if again.Unpack(token.NewUnpacker(p)); again != q {
			t.Errorf("%+v became %+v", q, again)
		}
	})
}
