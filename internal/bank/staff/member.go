package staff

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rocketbank/internal/base/db"
	"rocketbank/internal/base/id"
	"rocketbank/internal/base/vault"
)

const memberColumns = `m.id, m.name, m.roles, m.state, m.created_us,
	(SELECT COUNT(*) FROM staff_passkey k WHERE k.member = m.id)`

var (
	qMemberNew = db.Query(`INSERT INTO staff_member (id, name, roles, state, made_by, created_us, changed_us)
		VALUES ($1, $2, $3, $4, $5, $6, $6)`)
	qMember     = db.Query(`SELECT ` + memberColumns + ` FROM staff_member m WHERE m.id = $1`)
	qMemberLock = db.Query(`SELECT roles, state FROM staff_member WHERE id = $1 {for_update}`)
	qMembers    = db.Query(`SELECT ` + memberColumns + ` FROM staff_member m ORDER BY m.id LIMIT 1000`)
	qMemberSet  = db.Query(`UPDATE staff_member SET roles = $2, state = $3, changed_us = $4 WHERE id = $1`)
	qAdmins     = db.Query(`SELECT id, roles FROM staff_member WHERE state = 1 ORDER BY id LIMIT 1000`)

	qLinkNew  = db.Query(`INSERT INTO staff_link (hash, member, kind, until_us, used_us) VALUES ($1, $2, $3, $4, NULL)`)
	qLinkDrop = db.Query(`DELETE FROM staff_link WHERE member = $1`)
	qLink     = db.Query(`SELECT member, kind, until_us FROM staff_link WHERE hash = $1 AND used_us IS NULL`)
	qLinkUsed = db.Query(`UPDATE staff_link SET used_us = $2 WHERE hash = $1 AND used_us IS NULL`)
)

// Kinds of one-time links.
const (
	linkInvite = 1 // registers a passkey
	linkDemo   = 2 // opens a session at once; in a demo alone
)

// NewMember describes a member to be let in.
type NewMember struct {
	Name  string // «Мария Орлова»
	Roles Roles
}

// Added is a member who was let in, with his one-time link.
type Added struct {
	Member Member
	// Link registers his passkey, once, within a day.
	Link vault.Hidden
}

// ParseName reads «Имя Фамилия».
func ParseName(s string) (Name, error) {
	words := strings.Fields(s)
	if len(words) < 2 || len(words) > 4 || utf8.RuneCountInString(s) > 80 {
		return Name{}, ErrName.At("name")
	}
	for _, r := range strings.Join(words, "") {
		if !unicode.IsLetter(r) && r != '-' && r != '\'' && r != '’' {
			return Name{}, ErrName.At("name")
		}
	}
	return Name{First: words[0], Last: strings.Join(words[1:], " ")}, nil
}

// Add lets a member in. By is who does it: an admin, or the zero Actor for the
// operator's own command.
func (s *Service) Add(ctx context.Context, by Actor, n NewMember) (Added, error) {
	name, err := ParseName(n.Name)
	if err != nil {
		return Added{}, err
	}
	if err := n.Roles.check(); err != nil {
		return Added{}, err
	}
	if err := s.mayAdmit(by); err != nil {
		return Added{}, err
	}
	var out Added
	err = s.db.Write(ctx, func(tx db.Tx) (err error) {
		out, err = s.add(ctx, tx, by, name, n.Roles)
		return err
	})
	return out, err
}

func (s *Service) add(ctx context.Context, tx db.Tx, by Actor, name Name, roles Roles) (Added, error) {
	m := Member{ID: s.ids.New(), Name: name, Roles: roles, State: Active, Created: s.now()}
	sealed, err := s.vault.SealText(vault.PII, nameAt(m.ID), name.First+nameCut+name.Last)
	if err != nil {
		return Added{}, err
	}
	if _, err := tx.Exec(ctx, qMemberNew, m.ID.Bytes(), sealed, int64(roles), int16(Active), orNil(by.ID()), micro(m.Created)); err != nil {
		return Added{}, fmt.Errorf("add a member: %w", err)
	}
	token, err := s.newLink(ctx, tx, m.ID, linkInvite, s.limits.Link)
	if err != nil {
		return Added{}, err
	}
	return Added{Member: m, Link: vault.Hide(s.linkURL(token))}, s.record(ctx, tx, refOf(by), 0, "staff.added", m.Text(), roles.String())
}

func (s *Service) mayAdmit(by Actor) error {
	if !by.ID().IsZero() && !by.Has(Admin) {
		return ErrRole
	}
	return nil
}

// refOf is how the trail calls the operator's command line.
func refOf(by Actor) string {
	if by.ID().IsZero() {
		return "operator"
	}
	return by.Ref()
}

func (s *Service) newLink(ctx context.Context, tx db.Tx, member id.ID, kind int, life time.Duration) (string, error) {
	token := newSecret()
	_, err := tx.Exec(ctx, qLinkNew, s.hash(token), member.Bytes(), kind, micro(s.now().Add(life)))
	return token, err
}

func (s *Service) linkURL(token string) string { return s.origin + "/enter/" + token }

// Relink ends a member's sessions and passkeys and gives him a new one-time
// link: a lost or stolen key.
func (s *Service) Relink(ctx context.Context, by Actor, who id.ID) (Added, error) {
	if err := s.mayAdmit(by); err != nil {
		return Added{}, err
	}
	if by.ID() == who {
		return Added{}, ErrSelf
	}
	var token string
	err := s.db.Write(ctx, func(tx db.Tx) error {
		if _, _, err := s.lockMember(ctx, tx, who); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qLinkDrop, who.Bytes()); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, qPasskeysDrop, who.Bytes()); err != nil {
			return err
		}
		if err := s.endSessions(ctx, tx, who); err != nil {
			return err
		}
		var err error
		if token, err = s.newLink(ctx, tx, who, linkInvite, s.limits.Link); err != nil {
			return err
		}
		return s.record(ctx, tx, refOf(by), 0, "staff.relinked", who.Text(MemberPrefix), "")
	})
	if err != nil {
		return Added{}, err
	}
	m, err := s.Member(ctx, who)
	return Added{Member: m, Link: vault.Hide(s.linkURL(token))}, err
}

// SetRoles gives a member other duties; they hold from his next request on.
func (s *Service) SetRoles(ctx context.Context, by Actor, who id.ID, roles Roles) error {
	if err := roles.check(); err != nil {
		return err
	}
	return s.change(ctx, by, who, func(old Roles, state State) (Roles, State, string) {
		return roles, state, "staff.roles"
	}, roles.String())
}

// Disable shuts a member out at once; his sessions end.
func (s *Service) Disable(ctx context.Context, by Actor, who id.ID) error {
	return s.change(ctx, by, who, func(old Roles, _ State) (Roles, State, string) { return old, Disabled, "staff.disabled" }, "")
}

// Enable lets a disabled member in again, with the passkeys he had.
func (s *Service) Enable(ctx context.Context, by Actor, who id.ID) error {
	return s.change(ctx, by, who, func(old Roles, _ State) (Roles, State, string) { return old, Active, "staff.enabled" }, "")
}

func (s *Service) change(ctx context.Context, by Actor, who id.ID, to func(Roles, State) (Roles, State, string), details string) error {
	if err := s.mayAdmit(by); err != nil {
		return err
	}
	if by.ID() == who {
		return ErrSelf
	}
	return s.db.Write(ctx, func(tx db.Tx) error {
		roles, state, err := s.lockMember(ctx, tx, who)
		if err != nil {
			return err
		}
		newRoles, newState, act := to(roles, state)
		if state == Active && roles.Any(Admin) && (newState != Active || !newRoles.Any(Admin)) {
			if err := s.otherAdmin(ctx, tx, who); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, qMemberSet, who.Bytes(), int64(newRoles), int16(newState), micro(s.now())); err != nil {
			return err
		}
		if newState == Disabled {
			if err := s.endSessions(ctx, tx, who); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, qLinkDrop, who.Bytes()); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, refOf(by), 0, act, who.Text(MemberPrefix), details)
	})
}

// otherAdmin tells that somebody else can still let people in.
func (s *Service) otherAdmin(ctx context.Context, r db.Reader, but id.ID) error {
	rows, err := r.Rows(ctx, qAdmins)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var raw []byte
		var roles Roles
		if err := rows.Scan(&raw, &roles); err != nil {
			return err
		}
		if roles.Any(Admin) && string(raw) != string(but.Bytes()) {
			return rows.Err()
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return ErrLastAdmin
}

func (s *Service) lockMember(ctx context.Context, tx db.Tx, who id.ID) (roles Roles, state State, err error) {
	err = tx.Row(ctx, qMemberLock, who.Bytes()).Scan(&roles, &state)
	if errors.Is(err, db.ErrNoRows) {
		err = ErrMissing
	}
	return roles, state, err
}

// Member reads one member.
func (s *Service) Member(ctx context.Context, who id.ID) (Member, error) {
	return s.member(ctx, s.db, who)
}

func (s *Service) member(ctx context.Context, r db.Reader, who id.ID) (Member, error) {
	return s.scanMember(r.Row(ctx, qMember, who.Bytes()))
}

// Members lists everybody, the oldest first.
func (s *Service) Members(ctx context.Context) ([]Member, error) {
	rows, err := s.db.Rows(ctx, qMembers)
	if err != nil {
		return nil, fmt.Errorf("members: %w", err)
	}
	defer rows.Close()
	var out []Member
	for rows.Next() {
		m, err := s.scanMember(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

func (s *Service) scanMember(row interface{ Scan(...any) error }) (Member, error) {
	var m Member
	var raw, name []byte
	var created int64
	err := row.Scan(&raw, &name, &m.Roles, &m.State, &created, &m.Passkeys)
	if errors.Is(err, db.ErrNoRows) {
		return Member{}, ErrMissing
	}
	if err != nil {
		return Member{}, fmt.Errorf("read a member: %w", err)
	}
	if m.ID, err = id.FromBytes(raw); err != nil {
		return Member{}, err
	}
	m.Created = moment(created)
	m.Name, err = s.openName(m.ID, name)
	return m, err
}

// nameCut parts given and family name under the seal; no name holds it.
const nameCut = "\x00"

func nameAt(who id.ID) vault.At { return vault.At{Table: "staff_member.name", Row: who.Bytes()} }

func (s *Service) openName(who id.ID, sealed []byte) (Name, error) {
	text, err := s.vault.OpenText(vault.PII, nameAt(who), sealed)
	if err != nil {
		return Name{}, fmt.Errorf("name of a member: %w", err)
	}
	first, last, _ := strings.Cut(text, nameCut)
	return Name{First: first, Last: last}, nil
}
