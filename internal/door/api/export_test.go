package api

// AccountText names an account as the API does.
var AccountText = accountText
