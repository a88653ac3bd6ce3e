package api

import (
	"net/http"

	"rocketbank/internal/bank/access"
)

// version is the API's own; it changes when answers do.
const version = "1.3.0"

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
	get(d, read("listOperations", "/operations", "money", 422), d.operations)
	get(d, read("getOperation", "/operations/{id}", "money", 404, 422), d.operation)
	get(d, read("getLimits", "/limits", "money", 422), d.limits)
	d.addOwnLimits(read, write)
	get(d, read("listTariffs", "/tariffs", "money", 422), d.tariffs)
	d.addDisputes(read, write)

	post(d, write("findRecipient", "/recipients", "transfers", 200), d.findRecipient)
	post(d, write("createQuote", "/quotes", "transfers", 200), d.quote)
	post(d, write("createTransfer", "/transfers", "transfers", 201, 409), d.createTransfer)
	get(d, read("getTransfer", "/transfers/{id}", "transfers", 404, 422), d.transfer)
	receipt := read("getReceipt", "/receipts/{id}", "transfers", 404, 422)
	get(d, receipt, d.receipt)
	answers200[Receipt](d, receipt)

	d.addReceivers(read, write)
	d.addPayouts(read, write)
	d.addLinks(read, write)
	d.addFriends(read, write)
	d.addCards(read, write)
	d.addOnline(read, write)
	d.addWebhooks(read, write)

	gone := func(id, path string) Route {
		return Route{ID: id, Method: http.MethodDelete, Path: "/api/v1" + path, Scope: access.ScopeTransfer, Tag: "access", status: 204, problems: []int{404, 422}}
	}
	get(d, read("listDevices", "/devices", "access", 422), d.devices)
	get(d, gone("forgetDevice", "/devices/{id}"), d.forgetDevice)
	get(d, read("listSessions", "/sessions", "access", 422), d.sessions)
	get(d, gone("endSession", "/sessions/{id}"), d.endSession)
	get(d, read("listPasskeys", "/passkeys", "access", 422), d.passkeys)
	get(d, read("listLooks", "/looks", "access", 422), d.looks)

	d.addApplications()
	d.refuseRest()
}

// addCards lists what may be done with cards. A dry run changes nothing, so a
// token that reads may ask for one.
func (d *Door) addCards(read func(id, path, tag string, problems ...int) Route, write func(id, path, tag string, status int, problems ...int) Route) {
	act := func(id, method, path string, problems ...int) Route {
		rt := write(id, "/cards/{id}"+path, "cards", 200, append(problems, 409)...)
		rt.Method = method
		return rt
	}
	get(d, read("listCards", "/cards", "cards", 422), d.cards)
	get(d, read("getCard", "/cards/{id}", "cards", 404, 422), d.card)
	post(d, write("issueVirtualCard", "/virtual-cards", "cards", 201, 409), d.issueVirtual)
	post(d, write("orderPlasticCard", "/plastic-cards", "cards", 201, 409), d.orderPlastic)
	get(d, read("getDelivery", "/cards/{id}/delivery", "cards", 404, 422), d.delivery)
	post(d, act("nameCard", http.MethodPut, "/name"), d.nameCard)
	post(d, act("paintCard", http.MethodPut, "/art"), d.paintCard)
	bare(d, act("makeCardMain", http.MethodPost, "/main"), d.makeMain)
	bare(d, act("freezeCard", http.MethodPost, "/freeze"), d.freeze)
	bare(d, act("unfreezeCard", http.MethodPost, "/unfreeze"), d.unfreeze)
	get(d, read("listSubscriptions", "/cards/{id}/subscriptions", "cards", 404, 422), d.subscriptions)
	post(d, act("suspendCard", http.MethodPost, "/suspend"), d.suspend)
	bare(d, act("resumeCard", http.MethodPost, "/resume"), d.resume)
	get(d, read("getCardRules", "/cards/{id}/rules", "cards", 404, 422), d.rules)
	post(d, act("tightenCardRules", http.MethodPatch, "/rules"), d.tighten)
	try := write("tryCardRules", "/cards/{id}/rules/dry-run", "cards", 200)
	try.Scope = access.ScopeRead
	post(d, try, d.tryRules)
}

// addApplications lists the operations of newcomers who order a card.
func (d *Door) addApplications() {
	route := func(id, method, path string, h holder, problems ...int) Route {
		rt := Route{ID: id, Method: method, Path: applicationPath + path, Scope: scopeApplication, Tag: "applications", holder: h, problems: problems}
		if method != http.MethodGet {
			rt.problems = append(rt.problems, 400, 413, 415)
		}
		return rt
	}
	start := route("startApplication", http.MethodPost, "s", byNobody, 422)
	start.Scope, start.status = scopeNobody, 201
	post(d, start, d.startApplication)
	post(d, route("proveApplication", http.MethodPost, "/code", byStarter, 404, 409, 422), d.proveApplication)
	bare(d, route("resendCode", http.MethodPost, "/code/again", byStarter, 409, 422), d.resendCode)

	get(d, route("getApplication", http.MethodGet, "", byOwner, 404, 422), d.application)
	step := func(id, path string) Route { return route(id, http.MethodPut, path, byOwner, 404, 409, 422) }
	post(d, step("saveName", "/name"), save(d, d.saveName))
	post(d, step("saveContact", "/contact"), save(d, d.saveContact))
	post(d, step("savePassport", "/passport"), save(d, d.savePassport))
	post(d, step("saveAddress", "/address"), save(d, d.saveAddress))
	post(d, step("saveDelivery", "/delivery"), save(d, d.saveDelivery))
	post(d, step("saveWord", "/word"), save(d, d.saveWord))
	upload := step("uploadPage", "/pages/{page}")
	add(d, upload, d.uploadPage)
	files(d, upload)
	shown := route("getPage", http.MethodGet, "/pages/{page}", byOwner, 404, 422)
	get(d, shown, d.pagePicture)
	pictures(d, shown)
	bare(d, route("submitApplication", http.MethodPost, "/submit", byOwner, 404, 409, 422), d.submitApplication)
	bare(d, route("withdrawApplication", http.MethodPost, "/withdraw", byOwner, 404, 409, 422), d.withdrawApplication)
	bare(d, route("applyAgain", http.MethodPost, "/again", byOwner, 404, 409, 422), d.applyAgain)
	get(d, route("getApplicationStatus", http.MethodGet, "/status", byObserver, 404, 422), d.applicationStatus)
}
