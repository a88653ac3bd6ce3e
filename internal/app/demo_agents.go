package app

import (
	"rocketbank/internal/bank/agent"
	partner "rocketbank/internal/partner/agent"
	"rocketbank/internal/rail/signature"
	"rocketbank/internal/sandbox"
)

// demoKnown are the operators and wallets of the demo. The last one's bank has
// lost its licence, see seed_links.go.
func demoKnown() []agent.Agent {
	return []agent.Agent{
		{Code: "orbita", Kind: agent.Mobile, RU: "Орбита Мобайл", EN: "Orbita Mobile"},
		{Code: "meridian", Kind: agent.Mobile, RU: "Меридиан Связь", EN: "Meridian Telecom"},
		{Code: "kopilka", Kind: agent.Wallet, RU: "Кошелёк «Копилка»", EN: "Kopilka wallet"},
		{Code: closedWallet, Kind: agent.Wallet, RU: "Кошелёк «Залив»", EN: "Zaliv wallet"},
	}
}

// closedWallet is the one that is shown greyed.
const closedWallet = "zaliv"

// demoAgents is how the sandbox plays them.
func demoAgents() (out []sandbox.Agent) {
	for _, a := range demoKnown() {
		out = append(out, sandbox.Agent{Code: a.Code, RU: a.RU, EN: a.EN})
	}
	return out
}

// demoLines reaches them over sockets, as a bank does.
func demoLines(origin string, key, secret signature.Secret) (agents, error) {
	var lines []partner.Line
	for _, a := range demoKnown() {
		lines = append(lines, partner.Line{Code: a.Code, URL: origin + sandbox.AgentsPath + "/" + a.Code, Key: key, Secret: secret})
	}
	return newAgents(demoKnown(), lines)
}
