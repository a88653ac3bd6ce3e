package staff

import (
	"context"
	"errors"
	"strings"

	"rocketbank/internal/base/db"
)

// demoNames are the example members of a demo, one for each role.
func demoName(r Roles) string {
	switch r {
	case Manager:
		return "Мария Орлова"
	case Support:
		return "Лена Котова"
	case CardOfficer:
		return "Денис Белов"
	case Compliance:
		return "Вера Ильина"
	case Auditor:
		return "Глеб Чернов"
	case Security:
		return "Тимур Ахметов"
	}
	return "Ольга Седова"
}

// DemoLink gives a one-time link that opens a session in one role without a
// passkey. It works only in a database stamped as a demo, and so does the link.
func (s *Service) DemoLink(ctx context.Context, role string) (string, error) {
	roles, err := ParseRoles(role)
	if err != nil {
		return "", err
	}
	if err := s.onlyDemo(ctx); err != nil {
		return "", err
	}
	var token string
	err = s.db.Write(ctx, func(tx db.Tx) error {
		m, err := s.demoMember(ctx, tx, roles)
		if err != nil {
			return err
		}
		token, err = s.newLink(ctx, tx, m.ID, linkDemo, s.limits.DemoLink)
		return err
	})
	if err != nil {
		return "", err
	}
	return s.linkURL(token), nil
}

// DemoNames gives the example member's name of a role.
func (s *Service) DemoName(role string) string {
	roles, err := ParseRoles(role)
	if err != nil {
		return ""
	}
	return demoName(roles)
}

func (s *Service) onlyDemo(ctx context.Context) error {
	kind, err := s.db.Kind(ctx)
	if err == nil && kind != db.Demo {
		err = ErrNotDemo
	}
	return err
}

// demoMember finds or makes the example member of the roles.
func (s *Service) demoMember(ctx context.Context, tx db.Tx, roles Roles) (Member, error) {
	first, last, _ := strings.Cut(demoName(roles), " ")
	rows, err := tx.Rows(ctx, qMembers)
	if err != nil {
		return Member{}, err
	}
	defer rows.Close()
	for rows.Next() {
		m, err := s.scanMember(rows)
		if err != nil {
			return Member{}, err
		}
		if m.Name == (Name{first, last}) && m.Roles == roles && m.State == Active {
			return m, nil
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return Member{}, err
	}
	added, err := s.add(ctx, tx, Actor{}, Name{first, last}, roles)
	return added.Member, err
}

// EnterDemo takes a demo link and opens its session, once.
func (s *Service) EnterDemo(ctx context.Context, token string) (Entry, error) {
	if err := s.onlyDemo(ctx); err != nil {
		return Entry{}, err
	}
	var out Entry
	err := s.db.Write(ctx, func(tx db.Tx) error {
		who, kind, err := s.link(ctx, tx, token)
		if err != nil {
			return err
		}
		if kind != linkDemo {
			return ErrLink
		}
		if n, err := tx.Exec(ctx, qLinkUsed, s.hash(token), micro(s.now())); err != nil || n != 1 {
			return errors.Join(ErrLink, err)
		}
		m, err := s.member(ctx, tx, who)
		if err != nil {
			return err
		}
		if m.State != Active {
			return ErrDisabled
		}
		out, err = s.openSession(ctx, tx, m, ByDemoLink)
		return err
	})
	return out, err
}
