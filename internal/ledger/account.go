package ledger

import (
	"strconv"

	"rocketbank/internal/base/money"
)

// slots is how many rows an account of the bank is spread over, so that
// writers do not queue on one row. An account number n owns the identifiers
// n·64 … n·64+63; a client's account uses the first one alone.
const slots = 64

// lastBankNumber is the last account number of the bank's own chart: no floor,
// spread over slots. Clients' numbers come from the counter above it.
const lastBankNumber = 1000

// AccountID names an account of the book.
type AccountID int64

// The bank's own accounts. They have no floor; the outside world is among them,
// so that the whole book sums to exactly zero.
const (
	Acquirer AccountID = 1 * slots // what the acquirer of foreign cards owes us for top-ups
	Fees     AccountID = 2 * slots // fee income
	Transit  AccountID = 3 * slots // money on its way to somebody who has not chosen yet
	World    AccountID = 4 * slots // opening balances of the demo and of benches
	Network  AccountID = 5 * slots // what the card network settles with us for our cards' purchases
	Disputes AccountID = 6 * slots // what clients got back for disputes, until the network returns it
	Phones   AccountID = 7 * slots // what the rail of transfers by phone settles with us
	Agents   AccountID = 8 * slots // what mobile operators and wallets settle with us
)

// Bank tells an account of the bank's own chart.
func (a AccountID) Bank() bool { return a > 0 && a < (lastBankNumber+1)*slots }

// String is for logs and breaches: the number, and the slot where it matters.
func (a AccountID) String() string {
	s := strconv.FormatInt(int64(a)/slots, 10)
	if slot := int64(a) % slots; slot != 0 {
		s += "/" + strconv.FormatInt(slot, 10)
	}
	return s
}

// base gives the first identifier of the account's number.
func (a AccountID) base() AccountID { return a - a%slots }

// Of tells whether an account is another, or one of its slots.
func (a AccountID) Of(b AccountID) bool { return a == b || b.Bank() && a.base() == b.base() }

// slot gives the row that the writer with this lease number uses.
func (a AccountID) slot(lease int) AccountID {
	if !a.Bank() {
		return a
	}
	return a.base() + AccountID(lease%slots)
}

// AccountKind tells what an account is for.
type AccountKind int16

// The kinds of accounts.
const (
	KindBank    AccountKind = 1 // of the bank's own chart
	KindCurrent AccountKind = 2 // a client's account that cards draw on
)

// BankOwner is the owner of the bank's own accounts.
const BankOwner int64 = 0

// Account is an account as it stands.
type Account struct {
	ID       AccountID
	Owner    int64 // client number, or BankOwner
	Kind     AccountKind
	Closed   bool
	Posted   money.Amount // what the entries sum to
	Reserved money.Amount // pending debits
	Floor    money.Amount // lowest allowed Posted − Reserved; meaningless when NoFloor
	NoFloor  bool
	Version  int64 // number of entries
}

// Available gives what may be spent above the floor. An account without a
// floor answers its posted balance less what is reserved.
func (a Account) Available() money.Amount {
	n := a.Posted.Minor - a.Reserved.Minor
	if !a.NoFloor {
		n -= a.Floor.Minor
	}
	return money.Amount{Minor: n, Cur: a.Posted.Cur}
}
