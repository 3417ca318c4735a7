package sqlite

import (
	"context"
	"database/sql"
	"time"

	"outrider/incidents"
	"outrider/storage"
)

const notificationColumns = `id, incident, event, audience, channel, payload, created, state, attempts,
	next_attempt, delivered, last_error`

// Notifications implements storage.Incidents.
func (s *Store) Notifications(ctx context.Context, incidentID string) ([]incidents.Notification, error) {
	return s.notifications(ctx, "WHERE incident = ? ORDER BY event, created, id", incidentID)
}

// DueNotifications gives up to limit pending notifications of an endpoint that
// are due, the longest due first.
func (s *Store) DueNotifications(ctx context.Context, endpoint string, now time.Time, limit int) ([]incidents.Notification, error) {
	return s.notifications(ctx, `WHERE state = 'pending' AND endpoint = ? AND next_attempt <= ?
		ORDER BY next_attempt, created, event, id LIMIT ?`, endpoint, nanos(now), limit)
}

func (s *Store) notifications(ctx context.Context, where string, args ...any) ([]incidents.Notification, error) {
	rows, err := s.reading.QueryContext(ctx, "SELECT "+notificationColumns+" FROM notifications "+where, args...)
	if err != nil {
		return nil, s.wrap("read notifications", err)
	}
	all, err := collect(rows, scanNotification)
	return all, s.wrap("read notifications", err)
}

func scanNotification(row scanner) (incidents.Notification, error) {
	var n incidents.Notification
	var created, next, delivered int64
	err := row.Scan(&n.ID, &n.IncidentID, &n.Event, &n.Audience, &n.Channel, &n.Payload, &created, &n.State,
		&n.Attempts, &next, &delivered, &n.LastError)
	n.CreatedAt, n.NextAttempt, n.DeliveredAt = fromNanos(created), fromNanos(next), fromNanos(delivered)
	return n, err
}

// PendingEndpoints gives the endpoints that have pending notifications.
func (s *Store) PendingEndpoints(ctx context.Context) ([]string, error) {
	endpoints, err := s.ids(ctx, "SELECT DISTINCT endpoint FROM notifications WHERE state = 'pending' ORDER BY endpoint")
	return endpoints, s.wrap("read pending endpoints", err)
}

// NextDue gives when the endpoint's next pending notification is due; the
// bool is false if it has none.
func (s *Store) NextDue(ctx context.Context, endpoint string) (time.Time, bool, error) {
	var next sql.NullInt64
	err := s.reading.QueryRowContext(ctx,
		"SELECT min(next_attempt) FROM notifications WHERE state = 'pending' AND endpoint = ?", endpoint).Scan(&next)
	if err != nil || !next.Valid {
		return time.Time{}, false, s.wrap("read next notification", err)
	}
	return fromNanos(next.Int64), true, nil
}

// SettleNotification stores how an attempt to deliver went: the notification's
// State, Attempts, NextAttempt, DeliveredAt and LastError. The rest of it never
// changes.
func (s *Store) SettleNotification(ctx context.Context, n incidents.Notification) error {
	return s.write(ctx, "settle notification "+quote(n.ID), func(t *tx) error {
		changed, err := t.affected(`UPDATE notifications
			SET state = ?, attempts = ?, next_attempt = ?, delivered = ?, last_error = ? WHERE id = ?`,
			string(n.State), n.Attempts, nanos(n.NextAttempt), nanos(n.DeliveredAt), n.LastError, n.ID)
		if err == nil && changed == 0 {
			return storage.ErrNotFound
		}
		return err
	})
}

// ExpediteNotifications makes all pending notifications of an endpoint due
// now, such as when it is known to work again.
func (s *Store) ExpediteNotifications(ctx context.Context, endpoint string, now time.Time) error {
	return s.write(ctx, "expedite notifications", func(t *tx) error {
		return t.exec(`UPDATE notifications SET next_attempt = ?1
			WHERE state = 'pending' AND endpoint = ?2 AND next_attempt > ?1`, nanos(now), endpoint)
	})
}

// insertNotification puts a notification into the outbox unless it is there.
func (t *tx) insertNotification(n *incidents.Notification) error {
	return t.exec(`INSERT INTO notifications (endpoint, `+notificationColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		n.Endpoint(), n.ID, n.IncidentID, n.Event, n.Audience, n.Channel, notNil(n.Payload), nanos(n.CreatedAt),
		string(n.State), n.Attempts, nanos(n.NextAttempt), nanos(n.DeliveredAt), n.LastError)
}
