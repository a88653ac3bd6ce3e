package api

import (
	"net/http"

	"rocketbank/internal/bank/access"
)

// version is the API's own; it changes when answers do.
const version = "1.0.0"

// addRoutes lists every operation of the API.
func (d *Door) addRoutes() {
	read := func(id, path, tag string, problems ...int) Route {
		return Route{ID: id, Method: http.MethodGet, Path: "/api/v1" + path, Scope: access.ScopeRead, Tag: tag, problems: problems}
	}
	write := func(id, path, tag string, status int, problems ...int) Route {
		problems = append([]int{400, 404, 413, 415, 422}, problems...)
		return Route{ID: id, Method: http.MethodPost, Path: "/api/v1" + path, Scope: access.ScopeTransfer, Tag: tag, status: status, problems: problems}
	}

	get(d, read("getMe", "/me", "client", 422), d.me)
	get(d, read("listAccounts", "/accounts", "money", 422), d.accounts)
	get(d, read("listCards", "/cards", "money", 422), d.cards)
	get(d, read("listOperations", "/operations", "money", 422), d.operations)
	get(d, read("getOperation", "/operations/{id}", "money", 404, 422), d.operation)
	get(d, read("getLimits", "/limits", "money", 422), d.limits)

	post(d, write("findRecipient", "/recipients", "transfers", 200), d.findRecipient)
	post(d, write("createQuote", "/quotes", "transfers", 200), d.quote)
	post(d, write("createTransfer", "/transfers", "transfers", 201, 409), d.createTransfer)
	get(d, read("getTransfer", "/transfers/{id}", "transfers", 404, 422), d.transfer)
	receipt := read("getReceipt", "/receipts/{id}", "transfers", 404, 422)
	get(d, receipt, d.receipt)
	answers200[Receipt](d, receipt)

	gone := func(id, path string) Route {
		return Route{ID: id, Method: http.MethodDelete, Path: "/api/v1" + path, Scope: access.ScopeTransfer, Tag: "access", status: 204, problems: []int{404, 422}}
	}
	get(d, read("listDevices", "/devices", "access", 422), d.devices)
	get(d, gone("forgetDevice", "/devices/{id}"), d.forgetDevice)
	get(d, read("listSessions", "/sessions", "access", 422), d.sessions)
	get(d, gone("endSession", "/sessions/{id}"), d.endSession)
	get(d, read("listPasskeys", "/passkeys", "access", 422), d.passkeys)
	get(d, read("listLooks", "/looks", "access", 422), d.looks)

	d.refuseRest()
}
