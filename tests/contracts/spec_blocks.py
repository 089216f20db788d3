"""The requests of the spec page `model-management.md`, as printed there: tested without the page too."""

BLOCKS = [
    """\
GET /api/admin/models
Authorization: Bearer <access_token>
""",
    """\
POST /api/admin/models
Authorization: Bearer <access_token>
Content-Type: application/json

{
  "provider_id": 1,
  "model_id": "gpt-4o-mini",
  "display_name": "GPT-4o Mini",
  "context_length": 128000,
  "supports_tools": true,
  "supports_vision": true,
  "supports_streaming": true,
  "visible": true,
  "agents_enabled": true
}
""",
    """\
PUT /api/admin/models/by-id?model_id=<modelId>
Authorization: Bearer <access_token>
Content-Type: application/json

{
  "display_name": "GPT-4o (Latest)",
  "visible": true,
  "agents_enabled": false
}
""",
    """\
PUT /api/admin/models/bulk/agents-enabled
Authorization: Bearer <access_token>
Content-Type: application/json

{
  "model_ids": [1, 2, 3],
  "agents_enabled": true
}
""",
    """\
PUT /api/admin/models/bulk/visibility
Authorization: Bearer <access_token>
Content-Type: application/json

{
  "model_ids": [1, 2, 3],
  "visible": false
}
""",
    """\
GET /api/admin/models/by-id/aliases?model_id=<modelId>
""",
    """\
POST /api/admin/models/by-id/aliases?model_id=<modelId>
Content-Type: application/json

{
  "alias": "gpt4",
  "description": "Shorthand for GPT-4o"
}
""",
    """\
DELETE /api/admin/models/by-id/aliases?model_id=<modelId>&alias=<alias>
""",
    """\
POST /api/admin/models/import-aliases
Content-Type: application/json

{
  "aliases": [
    { "model_id": "gpt-4o", "alias": "gpt4" },
    { "model_id": "claude-3-5-sonnet-20241022", "alias": "sonnet" }
  ]
}
""",
    """\
POST /api/admin/models/by-id/test/connection?model_id=<modelId>
Authorization: Bearer <access_token>
""",
    """\
POST /api/admin/models/by-id/benchmark?model_id=<modelId>
Authorization: Bearer <access_token>
""",
]
