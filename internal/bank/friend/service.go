package friend

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rocketbank/internal/bank/client"
	"rocketbank/internal/bank/transfer"
	"rocketbank/internal/base/audit"
	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/phone"
	"rocketbank/internal/base/vault"
)

// People finds clients by their numbers (client.Directory).
type People interface {
	HoldPhones(ctx context.Context, r db.Reader, all []phone.Number) (map[phone.Number]client.ID, error)
}

// Limits counts numbers that are compared (limit.Service).
type Limits interface {
	Compare(ctx context.Context, tx db.Tx, c client.ID) error
}

// Payees offers people that money can be sent to (transfer.Service).
type Payees interface {
	KnownBy(ctx context.Context, who, payee client.ID, typed phone.Number) (transfer.Payee, error)
	Resolve(ctx context.Context, who client.ID, p phone.Number, ip string) (transfer.Payee, error)
}

// Deps is what a Service works with.
type Deps struct {
	DB     *db.DB
	Vault  *vault.Vault
	IDs    *id.Source
	People People
	Limits Limits
	Payees Payees
}

// Service keeps contact books. It is safe for concurrent use.
type Service struct{ d Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

const columns = `id, person, favourite, made_us`

var (
	qAll   = db.Query(`SELECT ` + columns + ` FROM friend WHERE client = $1 ORDER BY id LIMIT $2`)
	qOne   = db.Query(`SELECT ` + columns + ` FROM friend WHERE client = $1 AND id = $2 LIMIT 1`)
	qCount = db.Query(`SELECT CAST(COUNT(*) AS BIGINT) FROM friend WHERE client = $1`)
	qThere = db.Query(`SELECT ` + columns + ` FROM friend WHERE client = $1 AND phone = $2 LIMIT 1`)
	qAdd   = db.Query(`INSERT INTO friend (client, id, phone, person, favourite, made_us) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`)
	qPut    = db.Query(`UPDATE friend SET phone = $3, person = $4, favourite = $5 WHERE client = $1 AND id = $2`)
	qRemove = db.Query(`DELETE FROM friend WHERE client = $1 AND id = $2`)
	qForget = db.Query(`DELETE FROM friend WHERE client = $1`)
)

// All gives a client's whole book: the favourite ones first, then by name.
func (s *Service) All(ctx context.Context, who client.ID) ([]Friend, error) {
	out, err := s.read(ctx, s.d.DB, who, qAll, int64(who), MaxFriends)
	if err != nil {
		return nil, err
	}
	if err := s.discover(ctx, s.d.DB, who, out); err != nil {
		return nil, err
	}
	slices.SortFunc(out, func(a, b Friend) int {
		if a.Favourite != b.Favourite {
			if a.Favourite {
				return -1
			}
			return 1
		}
		if n := strings.Compare(folded(a.Name), folded(b.Name)); n != 0 {
			return n
		}
		return strings.Compare(a.Text(), b.Text())
	})
	return out, nil
}

// folded is a name as it is sorted: without case, «ё» beside «е».
func folded(s string) string { return strings.ReplaceAll(strings.ToLower(s), "ё", "е\uffff") }

// One gives a friend; ErrMissing for another's.
func (s *Service) One(ctx context.Context, who client.ID, friend id.ID) (Friend, error) {
	f, err := s.one(ctx, s.d.DB, who, friend)
	if err != nil {
		return Friend{}, err
	}
	one := []Friend{f}
	err = s.discover(ctx, s.d.DB, who, one)
	return one[0], err
}

func (s *Service) one(ctx context.Context, r db.Reader, who client.ID, friend id.ID) (Friend, error) {
	all, err := s.read(ctx, r, who, qOne, int64(who), friend.Bytes())
	if err != nil {
		return Friend{}, err
	}
	if len(all) == 0 {
		return Friend{}, ErrMissing
	}
	return all[0], nil
}

// Add writes somebody into the book. The same once more gives the entry that is
// there; the number under another name answers ErrThere.
func (s *Service) Add(ctx context.Context, who client.ID, p Person) (Friend, error) {
	var err error
	if p.Name, err = CleanName(p.Name); err != nil {
		return Friend{}, err
	}
	if err := s.notSelf(ctx, who, p.Phone); err != nil {
		return Friend{}, err
	}
	var out Friend
	err = s.d.DB.Write(ctx, func(tx db.Tx) error {
		hash := s.hash(p.Phone)
		there, err := s.read(ctx, tx, who, qThere, int64(who), hash)
		if err != nil {
			return err
		}
		if len(there) > 0 {
			if out = there[0]; out.Person != p {
				return ErrThere
			}
			return nil
		}
		var n int64
		if err := tx.Row(ctx, qCount, int64(who)).Scan(&n); err != nil {
			return fmt.Errorf("count friends: %w", err)
		}
		if n >= MaxFriends {
			return ErrFull.With("max", MaxFriends)
		}
		if err := s.d.Limits.Compare(ctx, tx, who); err != nil {
			return err
		}
		out = Friend{Person: p, ID: s.d.IDs.New(), Since: tx.Now()}
		sealed, err := s.seal(ctx, tx, who, out)
		if err != nil {
			return err
		}
		added, err := tx.Exec(ctx, qAdd, int64(who), out.ID.Bytes(), hash, sealed, p.Favourite, tx.Now().UnixMicro())
		if err != nil {
			return fmt.Errorf("add a friend: %w", err)
		}
		if added == 0 { // two came at once
			return ErrThere
		}
		return nil
	})
	if err != nil {
		return Friend{}, err
	}
	return s.One(ctx, who, out.ID)
}

// Change writes an entry anew. Another number is compared, and counted, anew.
func (s *Service) Change(ctx context.Context, who client.ID, friend id.ID, c Change) (Friend, error) {
	if c == (Change{}) {
		return Friend{}, ErrNoChange
	}
	if c.Name != nil {
		name, err := CleanName(*c.Name)
		if err != nil {
			return Friend{}, err
		}
		c.Name = &name
	}
	if c.Phone != nil {
		if err := s.notSelf(ctx, who, *c.Phone); err != nil {
			return Friend{}, err
		}
	}
	err := s.d.DB.Write(ctx, func(tx db.Tx) error {
		f, err := s.one(ctx, tx, who, friend)
		if err != nil {
			return err
		}
		if c.Name != nil {
			f.Name = *c.Name
		}
		if c.Favourite != nil {
			f.Favourite = *c.Favourite
		}
		if c.Phone != nil && *c.Phone != f.Phone {
			f.Phone = *c.Phone
			there, err := s.read(ctx, tx, who, qThere, int64(who), s.hash(f.Phone))
			if err != nil {
				return err
			}
			if len(there) > 0 {
				return ErrThere
			}
			if err := s.d.Limits.Compare(ctx, tx, who); err != nil {
				return err
			}
		}
		sealed, err := s.seal(ctx, tx, who, f)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, qPut, int64(who), friend.Bytes(), s.hash(f.Phone), sealed, f.Favourite)
		if err != nil {
			return fmt.Errorf("change a friend: %w", err)
		}
		if n == 0 {
			return ErrMissing
		}
		return nil
	})
	if err != nil {
		return Friend{}, err
	}
	return s.One(ctx, who, friend)
}

// Remove takes somebody out of the book.
func (s *Service) Remove(ctx context.Context, who client.ID, friend id.ID) error {
	return s.d.DB.Write(ctx, func(tx db.Tx) error {
		n, err := tx.Exec(ctx, qRemove, int64(who), friend.Bytes())
		if err != nil {
			return fmt.Errorf("remove a friend: %w", err)
		}
		if n == 0 {
			return ErrMissing
		}
		return nil
	})
}

// Forget throws a client's book away and takes his consent back, in a unit of
// work: he asked for his data to be deleted.
func (s *Service) Forget(ctx context.Context, tx db.Tx, who client.ID) error {
	n, err := tx.Exec(ctx, qForget, int64(who))
	if err != nil {
		return fmt.Errorf("forget friends: %w", err)
	}
	if err := s.agree(ctx, tx, who, false); err != nil || n == 0 {
		return err
	}
	return audit.Append(ctx, tx, audit.Entry{At: tx.Now(), Actor: "client", Client: int64(who), Act: "friends.forgotten"})
}

// Payee offers a friend as somebody to send money to. Where both agreed to be
// found nobody is looked up; else his number is, as if it had been typed: that
// is counted, and transfer.ErrNotAClient says that nobody here has it.
func (s *Service) Payee(ctx context.Context, who client.ID, friend id.ID, ip string) (Friend, transfer.Payee, error) {
	f, err := s.One(ctx, who, friend)
	if err != nil {
		return Friend{}, transfer.Payee{}, err
	}
	var to transfer.Payee
	if f.Here {
		to, err = s.d.Payees.KnownBy(ctx, who, f.client, f.Phone)
	} else {
		to, err = s.d.Payees.Resolve(ctx, who, f.Phone, ip)
	}
	return f, to, err
}

// notSelf refuses one's own number.
func (s *Service) notSelf(ctx context.Context, who client.ID, p phone.Number) error {
	holders, err := s.d.People.HoldPhones(ctx, s.d.DB, []phone.Number{p})
	if err != nil {
		return err
	}
	if holders[p] == who {
		return ErrSelf
	}
	return nil
}

func (s *Service) hash(p phone.Number) []byte { return s.d.Vault.Lookup(vault.Phone, p.E164()) }

// personCut parts name and number under the seal; neither holds it.
const personCut = "\x00"

func place(friend id.ID) vault.At { return vault.At{Table: "friend.person", Row: friend.Bytes()} }

func (s *Service) seal(ctx context.Context, tx db.Tx, who client.ID, f Friend) ([]byte, error) {
	return s.d.Vault.SealFor(ctx, tx, int64(who), vault.PII, place(f.ID), []byte(f.Name+personCut+f.Phone.E164()))
}

// read gives entries as a query finds them, without what discovery tells.
func (s *Service) read(ctx context.Context, r db.Reader, who client.ID, q *db.Stmt, args ...any) ([]Friend, error) {
	type row struct {
		raw, sealed []byte
		favourite   bool
		made        int64
	}
	rows, err := r.Rows(ctx, q, args...)
	if err != nil {
		return nil, fmt.Errorf("read friends: %w", err)
	}
	defer rows.Close()
	var found []row
	for rows.Next() {
		var x row
		if err := rows.Scan(&x.raw, &x.sealed, &x.favourite, &x.made); err != nil {
			return nil, fmt.Errorf("read friends: %w", err)
		}
		found = append(found, x)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read friends: %w", err)
	}
	out := make([]Friend, len(found))
	for i, x := range found { // the key is asked for once the rows are read: there may be one connection
		f := Friend{Person: Person{Favourite: x.favourite}, Since: time.UnixMicro(x.made).UTC()}
		if f.ID, err = id.FromBytes(x.raw); err != nil {
			return nil, fmt.Errorf("read friends: %w", err)
		}
		plain, err := s.d.Vault.OpenFor(ctx, r, int64(who), vault.PII, place(f.ID), x.sealed)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", f.Text(), err)
		}
		name, number, _ := strings.Cut(string(plain), personCut)
		f.Name, f.Phone = name, phone.Number(number)
		out[i] = f
	}
	return out, nil
}
