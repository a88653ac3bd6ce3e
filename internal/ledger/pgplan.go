package ledger

import "encoding/binary"

// sendPlan sends the plan's rows, one statement per table and verb.
func (x *pipeline) sendPlan(pl *plan) {
	x.sendTxns(pl)
	if n := len(pl.entries); n > 0 {
		account, seq, txn := newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8), newColumn(oidBytea, n, 16)
		amount, balance := newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8)
		for i := range pl.entries {
			e := &pl.entries[i]
			account.int(int64(e.account))
			seq.int(e.seq)
			txn.bytes(e.txn[:])
			amount.int(e.amount)
			balance.int(e.balance)
		}
		x.send(pgInsertEntry, account.done(), seq.done(), txn.done(), amount.done(), balance.done())
	}
	if n := len(pl.accounts); n > 0 {
		ids, floor, balance := newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8)
		reserved, version := newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8)
		for _, a := range pl.accounts {
			ids.int(int64(a.id))
			if a.noFloor {
				floor.null()
			} else {
				floor.int(a.floor)
			}
			balance.int(a.balance)
			reserved.int(a.reserved)
			version.int(a.version)
		}
		x.send(pgUpdateAccount, ids.done(), floor.done(), balance.done(), reserved.done(), version.done(), pgCount(n))
	}
	x.sendHolds(pl.holds)
	x.sendCounters(pl.guards)
}

func (x *pipeline) sendTxns(pl *plan) {
	n := len(pl.txns)
	ids, owner, key, print := newColumn(oidBytea, n, 16), newColumn(oidInt8, n, 8), newColumn(oidBytea, n, 16), newColumn(oidBytea, n, 16)
	kind, phase, reason := newColumn(oidInt2, n, 2), newColumn(oidInt2, n, 2), newColumn(oidInt2, n, 2)
	detail, refers, legs, guards := newColumn(oidInt8, n, 8), newColumn(oidBytea, n, 0), newColumn(oidBytea, n, 40), newColumn(oidBytea, n, 20)
	for i := range pl.txns {
		r := &pl.txns[i]
		t := &r.o.t
		ids.bytes(t.ID[:])
		owner.int(t.Owner)
		key.bytes(t.Key[:])
		print.bytes(t.Print[:])
		kind.int(int64(t.Kind))
		phase.int(int64(t.Phase))
		reason.int(int64(r.no.reason))
		if r.no.reason == Accepted {
			detail.null()
		} else {
			detail.int(r.no.detail)
		}
		refers.blob(t.refersBytes())
		legs.blob(encodeLegs(r.legs))
		guards.blob(encodeGuards(r.guards))
	}
	x.send(pgInsertTxn, ids.done(), owner.done(), key.done(), print.done(), kind.done(), phase.done(), reason.done(),
		detail.done(), refers.done(), legs.done(), guards.done(), pgCount(int(pl.at.UnixMicro())))
}

func (x *pipeline) sendHolds(holds []*hold) {
	for _, fresh := range []bool{true, false} {
		n := len(holds)
		txn, account, amount := newColumn(oidBytea, n, 16), newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8)
		posted, released := newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8)
		reversed, expires := newColumn(oidInt8, n, 8), newColumn(oidInt8, n, 8)
		for _, h := range holds {
			if h.fresh != fresh {
				continue
			}
			txn.bytes(h.txn[:])
			account.int(int64(h.account))
			amount.int(h.amount)
			posted.int(h.posted)
			released.int(h.released)
			reversed.int(h.reversed)
			if h.expires == 0 {
				expires.null()
			} else {
				expires.int(h.expires)
			}
		}
		switch {
		case txn.n == 0:
		case fresh:
			x.send(pgInsertHold, txn.done(), account.done(), amount.done(), posted.done(), released.done(), reversed.done(), expires.done())
		default:
			x.send(pgUpdateHold, txn.done(), amount.done(), posted.done(), released.done(), reversed.done(), expires.done(), pgCount(txn.n))
		}
	}
}

func (x *pipeline) sendCounters(guards []*counter) {
	for _, stored := range []bool{true, false} {
		n := len(guards)
		owner, name, win, used := newColumn(oidInt8, n, 8), newColumn(oidInt2, n, 2), newColumn(oidInt4, n, 4), newColumn(oidInt8, n, 8)
		for _, g := range guards {
			if g.stored != stored {
				continue
			}
			owner.int(g.key.owner)
			name.int(int64(g.key.name))
			win.int(g.key.win)
			used.int(g.used)
		}
		switch {
		case owner.n == 0:
		case stored:
			x.send(pgUpdateGuard, owner.done(), name.done(), win.done(), used.done(), pgCount(owner.n))
		default:
			x.send(pgInsertGuard, owner.done(), name.done(), win.done(), used.done())
		}
	}
}

// pgCount is a single bigint parameter.
func pgCount(n int) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }
