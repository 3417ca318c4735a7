// Package notify delivers notifications of incidents: from the durable outbox
// to webhooks and, later, other channels.
//
// Delivery is at least once, under an id that stays the same over every
// attempt and after a crash. Each endpoint (a channel of an audience) has a
// worker of its own, so that a dead or slow one delays no other. Of one
// incident an endpoint hears in order.
//
// A channel is a file: a Sender (see webhook.go). What notifications say is in
// payload.go and payload.schema.json. Whether there is anything to say is
// decided by package incidents.
package notify
