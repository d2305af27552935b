"""The operations about alerts: channels, and what was told."""

from crossdock.api import alert_schemas as schemas
from crossdock.api.operation import PAGE_TOKEN, Access, ApiOperation
from crossdock.web.operation import Parameter

CHANNEL_ID = Parameter("channel_id", "path")
CHANNEL = Parameter("channel_id", description="Only what this channel was told.")
LIMIT = Parameter(
    "limit", description="How many on a page; more than 1000 is taken as 1000.", is_number=True, default=100
)

ALERTS = (
    ApiOperation(
        "GET", "/alerts", "alerts.get_list", "listAlerts",
        "List what was told of problems, to whom, and what became of it, the newest first", "Alerts",
        schemas.AlertList, access=Access.KEY, parameters=(CHANNEL, LIMIT, PAGE_TOKEN), errors=(401, 422),
    ),
    ApiOperation(
        "GET", "/alerts/channels", "alerts.get_channels", "listAlertChannels",
        "List the channels that alerts go to", "Alerts", schemas.AlertChannelList, access=Access.KEY,
        errors=(401, 422),
    ),
    ApiOperation(
        "POST", "/alerts/channels", "alerts.create_channel", "createAlertChannel",
        "Make a channel: e-mail, Slack, Teams or a URL", "Alerts", schemas.AlertChannelItem,
        access=Access.KEY, body=schemas.AlertChannelBody,
        example={
            "name": "On call", "type": "slack", "url": "https://hooks.slack.com/services/T000/B000/XXXX",
            "rules": {
                "after_minutes": 10,
                "quiet_hours": {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"},
            },
        },
        errors=(400, 401, 403, 409, 422),
    ),
    ApiOperation(
        "GET", "/alerts/channels/{channel_id}", "alerts.get_channel", "getAlertChannel",
        "Read a channel", "Alerts", schemas.AlertChannelItem, access=Access.KEY, parameters=(CHANNEL_ID,),
        errors=(401, 404, 422),
    ),
    ApiOperation(
        "PATCH", "/alerts/channels/{channel_id}", "alerts.change_channel", "updateAlertChannel",
        "Change a channel", "Alerts", schemas.AlertChannelItem, access=Access.KEY, parameters=(CHANNEL_ID,),
        body=schemas.AlertChannelPatch, example={"disabled": True}, errors=(400, 401, 403, 404, 422),
    ),
    ApiOperation(
        "DELETE", "/alerts/channels/{channel_id}", "alerts.delete_channel", "deleteAlertChannel",
        "Delete a channel: nothing more goes there", "Alerts", schemas.AlertChannelItem, access=Access.KEY,
        parameters=(CHANNEL_ID,), errors=(401, 403, 404, 422),
    ),
    ApiOperation(
        "POST", "/alerts/channels/{channel_id}/test", "alerts.send_test", "testAlertChannel",
        "Send a test, and say what became of it", "Alerts", schemas.AlertItem, access=Access.KEY,
        parameters=(CHANNEL_ID,), errors=(401, 403, 404, 422),
    ),
)  # fmt: skip
