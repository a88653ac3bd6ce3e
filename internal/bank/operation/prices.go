package operation

import (
	"context"
	"time"

	"rocketbank/internal/bank/tariff"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/money"
	"rocketbank/internal/ledger"
)

var qPriced = db.Query(`SELECT client, id, account, kind, currency, amount_minor, fee_minor, at_us, tariff, tariff_rule, free_minor
	FROM operation WHERE (client, id) > ($1, $2) ORDER BY client, id LIMIT $3`)

// CheckPrices works every fee of the feeds out again by the version of the
// tariff that was in force (a ledger.Check). What is older than versions has
// none; it is left to Check.
func CheckPrices(ctx context.Context, r db.Reader) ([]ledger.Breach, error) {
	book, err := tariff.ReadBook(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []ledger.Breach
	owner, last := int64(0), []byte{}
	for n := checkPage; n == checkPage; {
		rows, err := r.Rows(ctx, qPriced, owner, last, int64(checkPage))
		if err != nil {
			return nil, err
		}
		n = 0
		for rows.Next() {
			n++
			var account, kind, cur, amount, fee, at, version, rule, free int64
			if err := rows.Scan(&owner, &last, &account, &kind, &cur, &amount, &fee, &at, &version, &rule, &free); err != nil {
				rows.Close()
				return nil, err
			}
			if version == 0 {
				continue
			}
			rub := func(minor int64) money.Amount { return money.Amount{Minor: minor, Cur: money.Currency(cur)} } // #nosec G115 -- stored from one
			p := tariff.Price{
				Version: version, Rule: int(rule), Kind: tariff.Friend, Amount: rub(-amount - fee), Free: rub(free), Fee: rub(fee),
			}
			if Kind(kind) == LinkOut {
				p.Kind = tariff.Link
			}
			wrong := book.Wrong(p, time.UnixMicro(at))
			if p.Kind == tariff.Friend && Kind(kind) != TransferOut {
				wrong = "by the tariff, which has nothing to say about it"
			}
			if wrong != "" {
				x, _ := id.FromBytes(last)
				out = append(out, ledger.Breach{Rule: "tariff", Account: ledger.AccountID(account).String(), Txn: x.Text("tr"), Detail: "it is priced " + wrong})
			}
		}
		rows.Close()
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
