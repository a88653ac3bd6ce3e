package console_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"rocketbank/internal/bank/access/accesstest"
	"rocketbank/internal/bank/staff"
)

// matrix says who may use each route. A route without a row fails the test, and
// so does a row whose roles are not those of the table.
var matrix = map[string]string{
	"GET /login":                 "everybody",
	"POST /login/begin":          "everybody",
	"POST /login/finish":         "everybody",
	"GET /enter/{token}":         "everybody",
	"POST /enter/{token}/begin":  "everybody",
	"POST /enter/{token}/finish": "everybody",
	"POST /logout":               "everybody",
	"POST /settings":             "everybody",
	"GET /static/{file}":         "everybody",
	"GET /favicon.ico":           "everybody",
	"GET /healthz":               "everybody",
	"POST /csp-report":           "everybody",
	"GET /{$}":                   "members",
	"GET /me":                    "members",
	"POST /me/passkeys/begin":    "members",
	"POST /me/passkeys/finish":   "members",
	"POST /me/passkeys/remove":   "members",
	"GET /clients":               "manager,support,card_officer,compliance",
	"POST /clients":              "manager,support,card_officer,compliance",
	"GET /clients/{uid}":         "manager,support,card_officer,compliance",
	"POST /clients/{uid}/case":   "manager,support,card_officer,compliance",
	"POST /clients/{uid}/open":   "manager,support,card_officer,compliance",
	"POST /clients/{uid}/note":   "manager,support,card_officer,compliance",
	"POST /clients/{uid}/word":   "support",
	"POST /clients/{uid}/act":    "manager,support,card_officer,compliance",
	"POST /cases/{id}/close":     "manager,support,card_officer,compliance",
	"GET /proposals":             "manager,support,card_officer,compliance",
	"GET /proposals/{id}":        "manager,support,card_officer,compliance",
	"POST /proposals/{id}":       "manager,support,card_officer,compliance",
	"GET /deletions":             "compliance",
	"GET /deletions/{id}":        "compliance",
	"POST /deletions/{id}":       "compliance",
	"GET /audit":                 "auditor,security",
	"GET /watch":                 "security",
	"POST /watch/alerts/{id}":    "security",
	"POST /watch/decoys":         "security",
	"GET /watch/sbom.json":       "auditor,security",
	"GET /staff":                 "admin",
	"POST /staff":                "admin",
	"POST /staff/{id}":           "admin",

	"GET /proposals/{id}/scans/{scan}": "support,card_officer,compliance",

	"GET /clients/{uid}/propose/{kind}":  "support,card_officer,compliance",
	"POST /clients/{uid}/propose/{kind}": "support,card_officer,compliance",

	"GET /applications":                   "manager",
	"GET /applications/{id}":              "manager",
	"POST /applications/{id}/take":        "manager",
	"POST /applications/{id}/release":     "manager",
	"POST /applications/{id}/open":        "manager",
	"GET /applications/{id}/scans/{scan}": "manager",
	"POST /applications/{id}/call":        "manager",
	"POST /applications/{id}/call/end":    "manager",
	"POST /applications/{id}/retake":      "manager",
	"POST /applications/{id}/approve":     "manager",
	"POST /applications/{id}/refuse":      "manager",
	"POST /applications/{id}/met":         "manager",

	"GET /deliveries":                    "card_officer",
	"GET /deliveries/{uid}/{card}":       "card_officer",
	"POST /deliveries/{uid}/{card}":      "card_officer",
	"POST /deliveries/{uid}/{card}/open": "card_officer",

	"GET /breaks":                         "card_officer,compliance",
	"GET /breaks/{arn}/{record}":          "card_officer,compliance",
	"POST /breaks/{arn}/{record}":         "card_officer,compliance",
	"POST /breaks/{arn}/{record}/correct": "card_officer,compliance",

	"GET /disputes":                         "card_officer,compliance",
	"GET /disputes/{uid}/{dispute}":         "card_officer,compliance",
	"POST /disputes/{uid}/{dispute}":        "card_officer,compliance",
	"POST /disputes/{uid}/{dispute}/open":   "card_officer,compliance",
	"POST /disputes/{uid}/{dispute}/accept": "card_officer,compliance",
}

// W05 for the console: every route × each role × clients × nobody.
func TestW05_ConsoleMatrix(t *testing.T) {
	each(t, func(d *desk) {
		anna := d.Approved(accesstest.Phone(1))
		places := d.places(d.page(anna), "unfreeze")
		browsers := map[string]*browser{"nobody": d.nobody(), "client": d.nobody()}
		// A client's session opens nothing here, whatever cookie it comes in.
		token := d.Keyed(accesstest.Phone(2)).SessionToken.Reveal()
		browsers["client"].cookies["__Host-rb"], browsers["client"].cookies["__Host-rbs"] = token, token
		for _, r := range staff.AllRoles() {
			browsers[r.Word()] = d.as(r.Word())
		}
		left := maps.Clone(matrix)
		for _, rt := range d.door.Routes() {
			name := rt.Method + " " + rt.Path
			want, known := matrix[name]
			delete(left, name)
			switch {
			case !known:
				d.Errorf("%s has no row in the matrix", name)
				continue
			case want == "everybody" && !rt.Visitor && !rt.Machine, want == "members" && (rt.Visitor || rt.Machine || rt.Roles != 0),
				strings.Contains(want, "a") && want != "everybody" && want != "members" && rt.Roles.String() != want:
				d.Errorf("%s is for %q in the table, for %q in the matrix", name, rt.Roles, want)
			}
			if name == "POST /logout" {
				continue // it would end the session of the next line
			}
			for role, b := range browsers {
				got := b.do(rt.Method, places.Replace(rt.Path), emptyForm(rt.Method))
				inside := role != "nobody" && role != "client"
				may := want == "everybody" || inside && (want == "members" || strings.Contains(","+want+",", ","+role+","))
				led := got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), "/login")
				switch {
				case may && (led || got.status == http.StatusForbidden && strings.Contains(got.body, roleRefused)):
					d.Errorf("%s: %s is kept out: %d", name, role, got.status)
				case may && got.status >= 500:
					d.Errorf("%s: %s meets %d", name, role, got.status)
				case !may && inside && got.status != http.StatusForbidden:
					d.Errorf("%s: %s gets %d", name, role, got.status)
				case !may && !inside && !led:
					d.Errorf("%s: %s gets %d", name, role, got.status)
				}
			}
		}
		for name := range left {
			d.Errorf("the matrix has a row for %s, which is no route", name)
		}
	})
}

const roleRefused = "Это не входит в ваши обязанности"

func emptyForm(method string) map[string][]string {
	if method == http.MethodPost {
		return map[string][]string{}
	}
	return nil
}

// S02: a manager without a case sees masked data and opens nothing.
func TestS02_ManagerWithoutCase(t *testing.T) {
	each(t, func(d *desk) {
		p := accesstest.Phone(7)
		who := d.Approved(p)
		whole, err := d.Clients.ByID(context.Background(), who)
		d.must(err)
		secrets := []string{whole.Name.Last, p.Pretty(), p.E164(), whole.Born.ISO(), fmt.Sprintf("%02d.%02d.%04d", whole.Born.Day, whole.Born.Month, whole.Born.Year)}
		page := d.page(who)
		manager := d.as("manager")

		found := manager.post("/clients", "q", p.Pretty())
		if found.status != http.StatusSeeOther || found.header.Get("Location") != page {
			d.Fatalf("exact search: %d %s", found.status, found.header.Get("Location"))
		}
		if got := manager.post("/clients", "q", accesstest.Phone(99).Pretty()); got.status != http.StatusOK || !strings.Contains(got.body, "Такого клиента нет") {
			d.Errorf("a search for nobody: %d", got.status)
		}
		shown := manager.get(page)
		if shown.status != http.StatusOK || !strings.Contains(shown.body, whole.Name.Masked()) {
			d.Fatalf("the masked page: %d", shown.status)
		}
		for _, secret := range secrets {
			if strings.Contains(shown.body, secret) {
				d.Errorf("the masked page shows %q", secret)
			}
		}
		for path, form := range map[string][]string{
			page + "/open":            {"what", "person", "reason", "Хочу посмотреть на клиента"},
			page + "/note":            {"note", "заметка"},
			page + "/act":             {"act", "lockdown"},
			page + "/propose/unblock": {"reason", "Хочу снять блокировку"},
		} {
			if got := manager.post(path, form...); got.status != http.StatusForbidden {
				d.Errorf("POST %s without a case: %d", path, got.status)
			}
		}
		// A case of his own and a reason open one part, for him alone.
		if got := manager.post(page+"/case", "kind", "call"); got.status != http.StatusSeeOther {
			d.Fatalf("open a case: %d %s", got.status, got.body)
		}
		if got := manager.post(page+"/open", "what", "person", "reason", "коротко"); got.status != http.StatusUnprocessableEntity {
			d.Errorf("a short reason: %d", got.status)
		}
		opened := manager.post(page+"/open", "what", "person", "reason", "Клиент звонит, сверяем данные")
		to := opened.header.Get("Location")
		if opened.status != http.StatusSeeOther || !strings.HasPrefix(to, page+"?look=lk_") {
			d.Fatalf("open: %d %s", opened.status, to)
		}
		if got := manager.get(to); got.status != http.StatusOK || !strings.Contains(got.body, whole.Name.Last) {
			d.Errorf("the opened page: %d", got.status)
		}
		if got := d.as("support").get(to); got.status != http.StatusForbidden {
			d.Errorf("a colleague with the address: %d", got.status)
		}
		looks, err := d.staff.LooksAt(context.Background(), who)
		d.must(err)
		if len(looks) != 1 || looks[0].Role != staff.Manager {
			d.Errorf("the client reads %+v", looks)
		}
	})
}

// S03: staff hear yes or no about a code word; nowhere can they read or set a
// passcode, a code word or a code.
func TestS03_NoSecretsForStaff(t *testing.T) {
	each(t, func(d *desk) {
		who := d.Approved(accesstest.Phone(3))
		page := d.page(who)
		support := d.as("support")
		if got := support.post(page+"/word", "word", "ромашка"); got.status != http.StatusForbidden {
			d.Errorf("a code word without a case: %d", got.status)
		}
		support.post(page+"/case", "kind", "call")
		got := support.get(page)
		for _, field := range []string{`name="passcode"`, `name="code"`, `name="new_word"`} {
			if strings.Contains(got.body, field) {
				d.Errorf("the page offers %s", field)
			}
		}
		for _, act := range []string{"set_passcode", "passcode", "set_word", ""} {
			if got := support.post(page+"/act", "act", act); got.status != http.StatusNotFound {
				d.Errorf("act %q: %d", act, got.status)
			}
		}
		if got := support.post(page+"/act", "act", "recovery"); got.status == http.StatusSeeOther {
			d.Error("a recovery began without a code word")
		}
	})
}

// M21 on the pages: maker and checker are two, and both are shown.
func TestM21_FourEyesOnPages(t *testing.T) {
	each(t, func(d *desk) {
		who := d.Approved(accesstest.Phone(4))
		page := d.page(who)
		support, compliance := d.as("support"), d.as("compliance")
		support.post(page+"/case", "kind", "complaint")
		if got := support.post(page+"/act", "act", "block"); got.status != http.StatusSeeOther {
			d.Fatalf("block: %d %s", got.status, got.body)
		}
		if got := support.post(page+"/propose/unblock", "reason", "Разобрались с обращением"); got.status != http.StatusSeeOther {
			d.Fatalf("propose: %d %s", got.status, got.body)
		}
		list := compliance.get("/proposals").body
		at := strings.Index(list, "/proposals/pr_")
		if at < 0 {
			d.Fatal("the checker sees no proposal")
		}
		one := list[at : at+len("/proposals/pr_")+26]
		if got := support.post(one, "decision", "yes"); got.status != http.StatusForbidden {
			d.Errorf("the maker decides: %d", got.status)
		}
		if got := compliance.get(one); !strings.Contains(got.body, "Лена К.") || !strings.Contains(got.body, "Разобрались с обращением") {
			d.Errorf("the checker reads %d", got.status)
		}
		if at, _ := d.Clients.Stands(context.Background(), who); !at.Blocked {
			d.Error("unblocked too early")
		}
		if got := compliance.post(one, "decision", "yes"); got.status != http.StatusSeeOther {
			d.Errorf("decide: %d %s", got.status, got.body)
		}
		if at, _ := d.Clients.Stands(context.Background(), who); at.Blocked {
			d.Error("two pairs of eyes did not unblock")
		}
		if got := support.get(page).body; !strings.Contains(got, "Вера И.") {
			d.Error("the checker is not shown")
		}
	})
}

// S07: the auditor's page shows what was done and no client.
func TestS07_AuditorSeesNoClient(t *testing.T) {
	each(t, func(d *desk) {
		p := accesstest.Phone(5)
		who := d.Approved(p)
		whole, err := d.Clients.ByID(context.Background(), who)
		d.must(err)
		support := d.as("support")
		support.post(d.page(who)+"/case", "kind", "call")
		support.post(d.page(who)+"/open", "what", "person", "reason", "Клиент звонит, сверяем данные")
		auditor := d.as("auditor")
		got := auditor.get("/audit?act=staff.look&client=" + fmt.Sprint(int64(who)))
		if got.status != http.StatusOK || strings.Count(got.body, "<td>staff.look</td>") != 1 {
			d.Errorf("the trail by act and client: %d", got.status)
		}
		all := auditor.get("/audit").body
		for _, secret := range []string{whole.Name.First, whole.Name.Last, p.E164(), "сверяем данные"} {
			if strings.Contains(all, secret) {
				d.Errorf("the trail shows %q", secret)
			}
		}
	})
}

// S08 on the pages, and the session's cookie after logging out.
func TestS08_LiveSession(t *testing.T) {
	each(t, func(d *desk) {
		admin, manager := d.as("admin"), d.as("manager")
		members, err := d.staff.Members(context.Background())
		d.must(err)
		var who string
		for _, m := range members {
			if m.Roles == staff.Manager {
				who = m.Text()
			}
		}
		if got := admin.post("/staff/"+who, "act", "roles", "roles", "auditor"); got.status != http.StatusSeeOther {
			d.Fatalf("change of roles: %d %s", got.status, got.body)
		}
		if got := manager.get("/clients"); got.status != http.StatusForbidden {
			d.Errorf("the old right still works: %d", got.status)
		}
		if got := manager.get("/audit"); got.status != http.StatusOK {
			d.Errorf("the new right does not: %d", got.status)
		}
		admin.post("/staff/"+who, "act", "disable")
		if got := manager.get("/audit"); got.status != http.StatusSeeOther || !strings.Contains(got.header.Get("Location"), "why=disabled") {
			d.Errorf("a disabled member: %d %s", got.status, got.header.Get("Location"))
		}
		old := admin.cookies["__Host-rbs"]
		admin.post("/logout")
		thief := d.nobody()
		thief.cookies["__Host-rbs"] = old
		if got := thief.get("/staff"); got.status != http.StatusSeeOther {
			d.Errorf("the cookie of an ended session: %d", got.status)
		}
	})
}

// The security officer: a browser's report is an alert, the bill of materials
// is served, the page opens without a report of make audit.
func TestWatchPages(t *testing.T) {
	each(t, func(d *desk) {
		d.must(d.watch.CSP(context.Background(), "script-src-elem", "https://evil.example"))
		security := d.as("security")
		got := security.get("/watch")
		if got.status != http.StatusOK || !strings.Contains(got.body, "https://evil.example") || !strings.Contains(got.body, "make audit") {
			d.Errorf("the page: %d", got.status)
		}
		at := strings.Index(got.body, "/watch/alerts/al_")
		if at < 0 {
			d.Fatal("no alert to mark as seen")
		}
		if got := security.post(got.body[at : at+len("/watch/alerts/al_")+26]); got.status != http.StatusSeeOther {
			d.Errorf("seen: %d", got.status)
		}
		if got := security.get("/watch/sbom.json"); got.status != http.StatusOK || !strings.Contains(got.body, `"bomFormat": "CycloneDX"`) {
			d.Errorf("the bill of materials: %d", got.status)
		}
	})
}

// The contact centre: the code word is answered by yes or no; only a yes opens
// a change of number, which a second member approves.
func TestContactCentre(t *testing.T) {
	each(t, func(d *desk) {
		who := d.Approved(accesstest.Phone(6))
		page := d.page(who)
		support, compliance := d.as("support"), d.as("compliance")
		support.post(page+"/case", "kind", "call")
		change := []string{"phone", accesstest.Phone(60).Pretty(), "reason", "Клиент сменил номер"}
		if got := support.post(page+"/propose/phone", change...); got.status != http.StatusUnprocessableEntity {
			d.Errorf("a change without the code word: %d", got.status)
		}
		if got := support.post(page+"/word", "word", "незабудка"); got.status != http.StatusOK || !strings.Contains(got.body, "Нет, слово не подходит") {
			d.Errorf("a wrong word: %d", got.status)
		}
		if got := support.post(page+"/word", "word", accesstest.CodeWord); got.status != http.StatusOK || !strings.Contains(got.body, "Да, слово верное") ||
			strings.Contains(got.body, accesstest.CodeWord) {
			d.Errorf("the right word: %d", got.status)
		}
		if got := support.post(page+"/propose/phone", change...); got.status != http.StatusSeeOther {
			d.Fatalf("the change: %d %s", got.status, got.body)
		}
		if _, err := d.Access.NumberChangeOf(context.Background(), who); err == nil {
			d.Error("one pair of eyes was enough")
		}
		list := compliance.get("/proposals").body
		at := strings.Index(list, "/proposals/pr_")
		if at < 0 {
			d.Fatal("the checker sees no proposal")
		}
		if got := compliance.post(list[at:at+len("/proposals/pr_")+26], "decision", "yes"); got.status != http.StatusSeeOther {
			d.Errorf("approve: %d %s", got.status, got.body)
		}
		if n, err := d.Access.NumberChangeOf(context.Background(), who); err != nil || n.New != accesstest.Phone(60) {
			d.Errorf("the change on its way: %v", err)
		}
	})
}
